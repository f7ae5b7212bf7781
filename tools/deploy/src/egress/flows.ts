import { APP_NAMES, appRunsIn, type AppName, type Mode } from '@behavry/contracts';

/** A container of a plane that is no app of ours, or an app. */
export type Inside = AppName | 'migrate' | 'opa' | 'uplink-gate' | 'postgres' | 'redis';

/** What lies outside a plane, or belongs to the cluster or the engine. */
export type Outside =
  'entry' | 'monitoring' | 'dns' | 'control-plane' | 'internet' | 'database' | 'redis-server' | 'receivers';

export type Place = Inside | Outside;

/** One kind of connection that a plane may open; everything else is refused. */
export interface Flow {
  readonly from: readonly Place[];
  readonly to: readonly Place[];
  readonly port: number;
  readonly why: string;
  readonly modes: readonly Mode[];
  /** The compose network on which it travels, or the shared socket; `–` where compose has no such flow. */
  readonly compose: 'internal' | 'public' | 'external' | 'socket' | '–';
  /** The component of `k8s/` that opens it: `network-policy` always, the others on demand. */
  readonly component: Component;
}

export type Component =
  | 'network-policy'
  | 'in-cluster-stores'
  | 'external-postgres'
  | 'external-redis'
  | 'senders'
  | 'monitoring'
  | 'telemetry'
  | 'control-plane-in-cluster';

/** What the outside places are, for the document. */
export const OUTSIDE: Readonly<Record<Outside, string>> = {
  entry:
    'the edge of compose; in Kubernetes pods of namespaces labelled `behavry.com/entry=true` (ingress controller, gateway)',
  monitoring: 'pods of namespaces labelled `behavry.com/monitoring=true` (Prometheus, collector)',
  dns: "the cluster's or the engine's name server",
  'control-plane':
    'public addresses, of which the gate takes one host; with `control-plane-in-cluster` pods behind the entry of the same cluster',
  internet:
    'public addresses: servers of tools and models. A server at a private address needs a policy of your own',
  database: 'any address, to be narrowed: PostgreSQL outside the namespace',
  'redis-server': 'any address, to be narrowed: Redis outside the namespace',
  receivers: 'addresses that you name: SIEM receivers and notification hosts',
};

const ALL: readonly Mode[] = ['standalone', 'control-plane', 'data-plane'];
const TRAFFIC: readonly Mode[] = ['standalone', 'data-plane'];
const PROXIES: readonly AppName[] = ['mcp-proxy', 'llm-proxy'];
/** Those that speak with the control plane. A NetworkPolicy cannot name its host, so they go through the gate. */
const UPLINK: readonly Place[] = ['license-service', 'identity-jwks', 'opa'];
const OTHERS = APP_NAMES.filter((name) => name !== 'identity-jwks');

/**
 * Every connection of every plane: the one source of docs/egress.md, of the NetworkPolicies in `k8s/` and of the probes
 * that try what is not listed.
 */
export const FLOWS: readonly Flow[] = [
  flow(['entry'], APP_NAMES, 8000, 'requests, by the route table', ALL, 'internal'),
  flow(['identity-jwks'], OTHERS, 8001, "the plane's collected health", ALL, 'internal'),
  flow(PROXIES, ['escalation-worker'], 8001, 'claims of approvals', TRAFFIC, 'internal'),
  flow(['mcp-proxy'], ['mcp-proxy'], 8001, 'a session of another replica', TRAFFIC, 'internal'),
  flow([...PROXIES, 'license-service'], ['opa'], 8181, 'decisions, active bundle', TRAFFIC, 'socket'),
  flow(['opa'], ['license-service'], 8001, "OPA's configuration and token", TRAFFIC, '–'),
  flow(['license-service', 'opa'], ['bundle-server'], 8000, 'bundles', ['standalone'], 'internal'),
  flow(UPLINK, ['uplink-gate'], 3128, 'the way to the control plane', ['data-plane'], 'internal'),
  flow(
    ['uplink-gate'],
    ['control-plane'],
    443,
    'heartbeat, licence and configuration; key set; bundles',
    ['data-plane'],
    'external',
  ),
  flow(PROXIES, ['internet'], 443, 'tools and models', TRAFFIC, 'public'),
  flow([...APP_NAMES, 'opa', 'uplink-gate', 'migrate'], ['dns'], 53, 'names (UDP and TCP)', ALL, 'internal'),
  flow([...APP_NAMES, 'migrate'], ['postgres'], 5432, 'the database', ALL, 'internal', 'in-cluster-stores'),
  flow(APP_NAMES, ['redis'], 6379, 'queues and plane state', ALL, 'internal', 'in-cluster-stores'),
  flow([...APP_NAMES, 'migrate'], ['database'], 5432, 'the database', ALL, '–', 'external-postgres'),
  flow(APP_NAMES, ['redis-server'], 6379, 'queues and plane state', ALL, '–', 'external-redis'),
  flow(['monitoring'], APP_NAMES, 8001, 'metrics', ALL, '–', 'monitoring'),
  flow(['monitoring'], ['opa'], 8282, 'metrics', TRAFFIC, '–', 'monitoring'),
  flow(APP_NAMES, ['monitoring'], 4318, 'traces, where they are on', ALL, 'internal', 'telemetry'),
  flow(
    ['audit-writer', 'escalation-worker'],
    ['receivers'],
    443,
    'records to a SIEM, notifications',
    TRAFFIC,
    'external',
    'senders',
  ),
  // Which port it is, is the controller's choice: these are the usual ones.
  ...[443, 8443].map((port) =>
    flow(
      ['uplink-gate'],
      ['control-plane'],
      port,
      'the control plane behind the entry of the same cluster',
      ['data-plane'],
      '–',
      'control-plane-in-cluster',
    ),
  ),
];

/** The containers of a plane in a mode; stores are there with their component only. */
export function placesOf(mode: Mode, components: readonly Component[]): readonly Inside[] {
  const apps = APP_NAMES.filter((name) => appRunsIn(name, mode));
  return [
    ...apps,
    'migrate',
    ...(mode === 'control-plane' ? [] : (['opa'] as const)),
    ...(mode === 'data-plane' ? (['uplink-gate'] as const) : []),
    ...(components.includes('in-cluster-stores') ? (['postgres', 'redis'] as const) : []),
  ];
}

/** The flows of a mode with some components, both ends reduced to what is there. */
export function flowsOf(mode: Mode, components: readonly Component[]): readonly Flow[] {
  const inside: readonly Place[] = placesOf(mode, components);
  const isThere = (place: Place): boolean => place in OUTSIDE || inside.includes(place);
  return FLOWS.filter((each) => each.modes.includes(mode) && components.includes(each.component))
    .map((each) => ({ ...each, from: each.from.filter(isThere), to: each.to.filter(isThere) }))
    .filter(({ from, to }) => from.length > 0 && to.length > 0);
}

function flow(
  from: readonly Place[],
  to: readonly Place[],
  port: number,
  why: string,
  modes: readonly Mode[],
  compose: Flow['compose'],
  component: Component = 'network-policy',
): Flow {
  return { from, to, port, why, modes, compose, component };
}
