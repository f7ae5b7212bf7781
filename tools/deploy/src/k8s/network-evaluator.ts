import { BlockList, isIPv6 } from 'node:net';
import type { Labels, NetworkPolicy, Peer, Requirement, Rule, Selector } from './manifests';

/** One end of a connection: a pod, or an address that is no pod's. */
export type Endpoint =
  | { readonly namespace: string; readonly namespaceLabels: Labels; readonly labels: Labels }
  | { readonly address: string };

export interface Attempt {
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/**
 * Whether NetworkPolicies let a connection through, by the rules of networking.k8s.io/v1: an end that no policy selects
 * for a direction is open in it; otherwise one rule of one policy must match; both ends must agree.
 * Ports are numbers: named ones match nothing.
 */
export function isAllowed(policies: readonly NetworkPolicy[], attempt: Attempt): boolean {
  const { from, to } = attempt;
  return (
    isOpen(
      policies,
      from,
      'Egress',
      ({ egress }) => egress,
      ({ to: peers }) => peers,
      to,
      attempt,
    ) &&
    isOpen(
      policies,
      to,
      'Ingress',
      ({ ingress }) => ingress,
      ({ from: peers }) => peers,
      from,
      attempt,
    )
  );
}

function isOpen(
  policies: readonly NetworkPolicy[],
  end: Endpoint,
  direction: 'Ingress' | 'Egress',
  rulesOf: (spec: NetworkPolicy['spec']) => readonly Rule[] | undefined,
  peersOf: (rule: Rule) => readonly Peer[] | undefined,
  other: Endpoint,
  attempt: Attempt,
): boolean {
  if ('address' in end) return true;
  const applying = policies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === end.namespace &&
      spec.policyTypes.includes(direction) &&
      selects(spec.podSelector, end.labels),
  );
  if (applying.length === 0) return true;
  return applying.some(({ metadata, spec }) =>
    (rulesOf(spec) ?? []).some(
      (rule) => namesPort(rule, attempt) && namesPeer(peersOf(rule), metadata.namespace ?? '', other),
    ),
  );
}

function namesPort({ ports }: Rule, { port, protocol }: Attempt): boolean {
  if (ports === undefined || ports.length === 0) return true;
  return ports.some(
    (each) => (each.protocol ?? 'TCP') === protocol && (each.port === undefined || each.port === port),
  );
}

function namesPeer(peers: readonly Peer[] | undefined, ownNamespace: string, other: Endpoint): boolean {
  if (peers === undefined || peers.length === 0) return true;
  return peers.some(({ podSelector, namespaceSelector, ipBlock }) => {
    if ('address' in other) {
      if (ipBlock === undefined) return false;
      return (
        isIn(ipBlock.cidr, other.address) && !(ipBlock.except ?? []).some((part) => isIn(part, other.address))
      );
    }
    if (ipBlock !== undefined) return false;
    const isInNamespace =
      namespaceSelector === undefined
        ? other.namespace === ownNamespace
        : selects(namespaceSelector, other.namespaceLabels);
    return isInNamespace && selects(podSelector ?? {}, other.labels);
  });
}

function isIn(cidr: string, address: string): boolean {
  const [network = '', bits] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(address)) return false;
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}

/** @returns whether a label selector matches; an empty one matches everything */
export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => meets(requirement, labels))
  );
}

function meets({ key, operator, values = [] }: Requirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}
