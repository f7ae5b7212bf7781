import { createHash, randomBytes } from 'node:crypto';
import {
  CONFIG_DOCUMENT_SCHEMA,
  type AgentEntry,
  type ConfigDocument,
  type McpServerEntry,
} from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';

/** The tenant of tests that need only one. */
export const TEST_TENANT = '019a0000-0000-7000-8000-000000000001';

/** A config document of the test tenant in which nothing is limited, blocked or registered, but for the changes. */
export function configDocument(changes: Partial<ConfigDocument> = {}): ConfigDocument {
  return {
    schema: CONFIG_DOCUMENT_SCHEMA,
    tenant_id: TEST_TENANT,
    revision: '20260101T000000Z',
    generation: 1,
    suspended: false,
    kill_switches: [],
    agents: [],
    mcp_servers: [],
    dlp_patterns: [],
    blast_radius: BLAST_RADIUS_DEFAULTS,
    rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
    escalation: { deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 } },
    data_protection: { payload_mode: 'metadata_only', retention_days: 30 },
    ...changes,
  };
}

/** An active agent as the document names it. */
export function agentEntry(id: string, changes: Partial<AgentEntry> = {}): AgentEntry {
  return {
    id,
    name: id,
    agent_type: 'test',
    status: 'active',
    client_id: `c-${id}`,
    secret_sha256: '0'.repeat(64),
    roles: ['dev'],
    permissions: [],
    tokens_not_before: null,
    ...changes,
  };
}

/** An agent, and the key that does not end, by which it may call. */
export function keyedAgent(id: string): { readonly entry: AgentEntry; readonly key: string } {
  const [clientId, secret] = [`agt_${id}`, randomBytes(32).toString('base64url')];
  const digest = createHash('sha256').update(secret).digest('hex');
  return {
    entry: agentEntry(id, { client_id: clientId, secret_sha256: digest }),
    key: `agk_${clientId}.${secret}`,
  };
}

/** A server reached over Streamable HTTP. */
export function httpServer(id: string, url: string, changes: Partial<McpServerEntry> = {}): McpServerEntry {
  return {
    id,
    name: id,
    transport: 'streamable-http',
    url,
    headers: {},
    command: null,
    args: [],
    env: {},
    enabled: true,
    ...changes,
  };
}

/** A server that is a child process. */
export function stdioServer(
  id: string,
  command: string,
  args: readonly string[],
  changes: Partial<McpServerEntry> = {},
): McpServerEntry {
  return { ...httpServer(id, ''), transport: 'stdio', url: null, command, args, ...changes };
}
