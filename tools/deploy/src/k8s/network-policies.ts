import { MODES, type Mode } from '@behavry/contracts';
import { FLOWS, flowsOf, OUTSIDE, placesOf } from '../egress/flows';
import type { Component, Flow, Inside, Outside, Place } from '../egress/flows';
import { GENERATED, yamlDocuments } from './yaml-text';

/** Addresses that are nobody's on the internet: what "public" leaves out. */
export const NOT_PUBLIC = {
  v4: [
    '0.0.0.0/8',
    '10.0.0.0/8',
    '100.64.0.0/10',
    '127.0.0.0/8',
    '169.254.0.0/16',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '224.0.0.0/3',
  ],
  v6: ['::/127', '64:ff9b::/96', 'fc00::/7', 'fe80::/10', 'ff00::/8'],
} as const;

const PUBLIC = [
  { ipBlock: { cidr: '0.0.0.0/0', except: NOT_PUBLIC.v4 } },
  { ipBlock: { cidr: '::/0', except: NOT_PUBLIC.v6 } },
];
const ANYWHERE = [{ ipBlock: { cidr: '0.0.0.0/0' } }, { ipBlock: { cidr: '::/0' } }];
const labelled = (label: string): object => ({ namespaceSelector: { matchLabels: { [label]: 'true' } } });

/** How a policy names what lies outside. A component may mean another thing by the same place. */
const PEERS: Readonly<Record<Outside, readonly object[]>> = {
  entry: [labelled('behavry.com/entry')],
  monitoring: [labelled('behavry.com/monitoring')],
  dns: [
    {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    },
  ],
  'control-plane': PUBLIC,
  internet: PUBLIC,
  database: ANYWHERE,
  'redis-server': ANYWHERE,
  // An address of the documentation's own (RFC 5737), which leads nowhere.
  receivers: [{ ipBlock: { cidr: '203.0.113.1/32' } }],
};

/** @returns the policies of a mode, default deny first, by path; and those of the components */
export function networkPolicyDocuments(): ReadonlyMap<string, string> {
  const ofModes = MODES.map((mode): [string, string] => [
    `k8s/components/network-policy/${mode}/policies.yaml`,
    GENERATED + yamlDocuments([DENY_ALL, ...policiesOf(mode)]),
  ]);
  const components = [...new Set(FLOWS.map(({ component }) => component))].filter(
    (component) => component !== 'network-policy',
  );
  const ofComponents = components.map((component): [string, string] => [
    `k8s/components/${component}/network-policy.yaml`,
    GENERATED + yamlDocuments(componentPolicies(component)),
  ]);
  return new Map([...ofModes, ...ofComponents]);
}

const DENY_ALL = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name: 'default-deny' },
  spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
};

function policiesOf(mode: Mode): readonly object[] {
  const flows = flowsOf(mode, ['network-policy']);
  return placesOf(mode, ['network-policy']).map((pod) => policy(pod, pod, flows));
}

/** A component knows no mode: a pod that is not there is selected by nothing. */
function componentPolicies(component: Component): readonly object[] {
  const flows = FLOWS.filter((flow) => flow.component === component);
  const pods = [...new Set(flows.flatMap(({ from, to }) => [...from, ...to]))].filter(isInside);
  return pods.map((pod) => policy(`${pod}-${component}`, pod, flows));
}

function policy(name: string, pod: Inside, flows: readonly Flow[]): object {
  const ingress = flows
    .filter(({ to }) => to.includes(pod))
    .map(({ from, port, component }) => ({ from: peers(from, component), ports: ports(port) }));
  const egress = flows
    .filter(({ from }) => from.includes(pod))
    .map(({ to, port, component }) => ({ to: peers(to, component), ports: ports(port) }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': pod } },
      policyTypes: [...(ingress.length > 0 ? ['Ingress'] : []), ...(egress.length > 0 ? ['Egress'] : [])],
      ...(ingress.length > 0 ? { ingress } : {}),
      ...(egress.length > 0 ? { egress } : {}),
    },
  };
}

function peers(places: readonly Place[], component: Component): readonly object[] {
  const pods = places.filter(isInside);
  const outside = places.filter((place): place is Outside => !isInside(place));
  return [
    ...(pods.length === 0
      ? []
      : [
          {
            podSelector: {
              matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'In', values: pods }],
            },
          },
        ]),
    ...outside.flatMap((place) => (component === 'control-plane-in-cluster' ? PEERS.entry : PEERS[place])),
  ];
}

/** Names are asked over UDP first; everything else is TCP. */
function ports(port: number): readonly object[] {
  return (port === 53 ? ['UDP', 'TCP'] : ['TCP']).map((protocol) => ({ protocol, port }));
}

function isInside(place: Place): place is Inside {
  return !(place in OUTSIDE);
}
