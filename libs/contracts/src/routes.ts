import type { AppName } from './apps';
import type { Mode } from './modes';

/** One row of the contract's "Route Gating Reference": which app answers a path, in which modes. */
export interface RouteRow {
  readonly group: string;
  /** Whole-segment path prefixes: `/api/v1/policies` covers itself and everything below it. */
  readonly prefixes: readonly string[];
  readonly app: AppName;
  readonly modes: readonly Mode[];
}

const EVERYWHERE: readonly Mode[] = ['standalone', 'control-plane', 'data-plane'];
const MANAGEMENT: readonly Mode[] = ['standalone', 'control-plane'];
const TRAFFIC: readonly Mode[] = ['standalone', 'data-plane'];

/** The route table. Edges, ingress rules and the gating tests all read this one list. */
export const ROUTE_TABLE: readonly RouteRow[] = [
  { group: 'health', prefixes: ['/health'], app: 'identity-jwks', modes: EVERYWHERE },
  { group: 'jwks', prefixes: ['/.well-known/jwks.json'], app: 'identity-jwks', modes: EVERYWHERE },
  { group: 'auth', prefixes: ['/api/v1/auth'], app: 'identity-jwks', modes: EVERYWHERE },
  { group: 'admin', prefixes: ['/api/v1/admin'], app: 'identity-jwks', modes: EVERYWHERE },
  { group: 'signup', prefixes: ['/api/v1/signup'], app: 'identity-jwks', modes: EVERYWHERE },
  {
    group: 'data-plane-tokens',
    prefixes: ['/api/v1/admin/data-plane-tokens', '/api/v1/data-planes'],
    app: 'license-service',
    modes: EVERYWHERE,
  },
  {
    group: 'license',
    prefixes: ['/api/v1/licenses', '/api/v1/admin/license'],
    app: 'license-service',
    modes: EVERYWHERE,
  },
  {
    group: 'policies',
    prefixes: ['/api/v1/policies', '/api/v1/mcp-servers', '/api/v1/rate-limits', '/api/v1/model-settings'],
    app: 'policy-service',
    modes: MANAGEMENT,
  },
  { group: 'dlp', prefixes: ['/api/v1/dlp'], app: 'policy-service', modes: MANAGEMENT },
  { group: 'inbound-rules', prefixes: ['/api/v1/inbound-rules'], app: 'policy-service', modes: MANAGEMENT },
  { group: 'super-admin', prefixes: ['/api/v1/super-admin'], app: 'identity-jwks', modes: MANAGEMENT },
  { group: 'kill-switch', prefixes: ['/api/v1/kill-switch'], app: 'policy-service', modes: MANAGEMENT },
  {
    group: 'enrollment',
    prefixes: ['/api/v1/enrollment', '/api/v1/enroll', '/api/v1/agents'],
    app: 'identity-jwks',
    modes: MANAGEMENT,
  },
  {
    group: 'workflows',
    prefixes: ['/api/v1/workflows', '/api/v1/delegations'],
    app: 'policy-service',
    modes: MANAGEMENT,
  },
  { group: 'discovery', prefixes: ['/api/v1/discovery'], app: 'policy-service', modes: MANAGEMENT },
  { group: 'opa-bundle', prefixes: ['/api/v1/opa/bundle'], app: 'bundle-server', modes: MANAGEMENT },
  { group: 'siem', prefixes: ['/api/v1/siem'], app: 'policy-service', modes: MANAGEMENT },
  {
    group: 'policy-candidates',
    prefixes: ['/api/v1/policy-candidates'],
    app: 'policy-service',
    modes: MANAGEMENT,
  },
  { group: 'blast-radius', prefixes: ['/api/v1/blast-radius'], app: 'policy-service', modes: MANAGEMENT },
  {
    group: 'data-protection',
    prefixes: ['/api/v1/data-protection'],
    app: 'policy-service',
    modes: MANAGEMENT,
  },
  { group: 'mcp', prefixes: ['/mcp/v1'], app: 'mcp-proxy', modes: TRAFFIC },
  {
    group: 'llm',
    prefixes: ['/api/v1/openai', '/api/v1/anthropic', '/api/v1/gemini', '/api/v1/ollama'],
    app: 'llm-proxy',
    modes: TRAFFIC,
  },
  { group: 'audit', prefixes: ['/api/v1/audit', '/api/v1/usage'], app: 'audit-writer', modes: TRAFFIC },
  { group: 'sessions', prefixes: ['/api/v1/sessions'], app: 'audit-writer', modes: TRAFFIC },
  { group: 'browser', prefixes: ['/api/v1/browser'], app: 'audit-writer', modes: TRAFFIC },
  {
    group: 'behavior',
    prefixes: ['/api/v1/behavior', '/api/v1/alerts'],
    app: 'behavior-monitor',
    modes: TRAFFIC,
  },
  { group: 'risk', prefixes: ['/api/v1/risk'], app: 'behavior-monitor', modes: TRAFFIC },
  { group: 'escalations', prefixes: ['/api/v1/escalations'], app: 'escalation-worker', modes: TRAFFIC },
];

interface PrefixEntry {
  readonly prefix: string;
  readonly row: RouteRow;
}

const LONGEST_FIRST: readonly PrefixEntry[] = ROUTE_TABLE.flatMap((row) =>
  row.prefixes.map((prefix) => ({ prefix, row })),
).sort((a, b) => b.prefix.length - a.prefix.length);

/**
 * The row that owns a path, longest prefix first, on whole segments.
 * @param path decoded absolute path without query, already free of dot segments
 * @returns the row, or undefined when no group owns the path
 */
export function routeFor(path: string): RouteRow | undefined {
  return LONGEST_FIRST.find(
    ({ prefix }) => path === prefix || (path.startsWith(prefix) && path[prefix.length] === '/'),
  )?.row;
}
