import { MODES } from '@behavry/contracts';
import { flowsOf, FLOWS, type Flow, type Place } from '../egress/flows';
import { podName, workloadsOf, type Manifest, type NetworkPolicy } from './manifests';
import { isAllowed, type Endpoint } from './network-evaluator';
import { describeWithKube, renderedPlanes } from './testing/planes';

const PORTS = [...new Set([...FLOWS.map(({ port }) => port), 22, 80, 8282, 10250])];

/** Something that may be an end of a connection, and whether a flow means it as one. */
interface End {
  readonly name: string;
  readonly at: Endpoint;
  readonly isMeant: (places: readonly Place[], flow: Flow) => boolean;
}

function pod(name: string, namespace: string, place?: Place, namespaceLabels = {}, labels = {}): End {
  return {
    name,
    at: { namespace, namespaceLabels, labels },
    isMeant: (places) => place !== undefined && places.includes(place),
  };
}

/** @param meant what a policy may mean by this address */
function address(ip: string, meant: readonly Place[]): End {
  return {
    name: ip,
    at: { address: ip },
    isMeant: (places, { component }) =>
      component !== 'control-plane-in-cluster' && meant.some((place) => places.includes(place)),
  };
}

/** Every pod of a rendered plane, a stranger beside them, and what is outside. */
function endsOf(objects: readonly Manifest[], namespace: string): readonly End[] {
  const entry = pod('entry', 'ingress', 'entry', { 'behavry.com/entry': 'true' });
  const inCluster: End = {
    ...entry,
    isMeant: (places, flow) =>
      places.includes('entry') ||
      (flow.component === 'control-plane-in-cluster' && places.includes('control-plane')),
  };
  const kubeSystem = { 'kubernetes.io/metadata.name': 'kube-system' };
  const stores: readonly Place[] = ['database', 'redis-server'];
  const outside: readonly Place[] = ['control-plane', 'internet', ...stores];
  return [
    ...workloadsOf(objects).map((workload) =>
      pod(
        podName(workload),
        namespace,
        podName(workload) as Place,
        {},
        workload.spec.template.metadata.labels,
      ),
    ),
    pod('stranger', namespace, undefined, {}, { app: 'stranger' }),
    pod('same name elsewhere', 'other', undefined, {}, { 'app.kubernetes.io/name': 'mcp-proxy' }),
    inCluster,
    pod('monitoring', 'monitoring', 'monitoring', { 'behavry.com/monitoring': 'true' }),
    pod('dns', 'kube-system', 'dns', kubeSystem, { 'k8s-app': 'kube-dns' }),
    pod('other system pod', 'kube-system', undefined, kubeSystem, { 'k8s-app': 'other' }),
    address('198.51.100.7', outside),
    address('2001:db8::7', outside),
    address('203.0.113.1', [...outside, 'receivers']),
    ...['10.1.2.3', '172.20.0.9', '192.168.3.4', '100.64.0.1', '169.254.169.254', '127.0.0.1'].map((ip) =>
      address(ip, stores),
    ),
    ...['fd00::1', 'fe80::1'].map((ip) => address(ip, stores)),
  ];
}

/** @returns attempts that the policies answer otherwise than the flows, and how many there were and were allowed */
function compare(
  objects: readonly Manifest[],
  flows: readonly Flow[],
): {
  readonly wrong: readonly string[];
  readonly tried: number;
  readonly allowed: number;
} {
  const namespace = objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
  const policies = objects.filter((object): object is NetworkPolicy => object.kind === 'NetworkPolicy');
  const ends = endsOf(objects, namespace);
  const isOurs = ({ at }: End): boolean => 'namespace' in at && at.namespace === namespace;
  const wrong: string[] = [];
  let [tried, allowed] = [0, 0];
  for (const from of ends)
    for (const to of ends) {
      // What others do among themselves is not ours to refuse.
      if (!isOurs(from) && !isOurs(to)) continue;
      for (const port of PORTS)
        for (const protocol of ['TCP', 'UDP'] as const) {
          const expected = flows.some(
            (flow) =>
              flow.port === port &&
              (protocol === 'TCP' || port === 53) &&
              from.isMeant(flow.from, flow) &&
              to.isMeant(flow.to, flow),
          );
          const actual = isAllowed(policies, { from: from.at, to: to.at, port, protocol });
          tried += 1;
          if (actual) allowed += 1;
          if (actual !== expected)
            wrong.push(`${from.name} → ${to.name} ${protocol}:${port} is ${actual ? 'open' : 'closed'}`);
        }
    }
  return { wrong, tried, allowed };
}

describeWithKube('the network policies of every plane', () => {
  const { planes } = renderedPlanes();

  it('open exactly the rows of docs/egress.md, with stores of its own and with everything optional', () => {
    expect(planes).toHaveLength(2 * MODES.length);
    for (const { name, mode, components, objects } of planes) {
      const { wrong, tried, allowed } = compare(objects, flowsOf(mode, components));
      expect({ name, wrong }).toEqual({ name, wrong: [] });
      expect(tried).toBeGreaterThan(5_000);
      expect(allowed).toBeGreaterThan(20);
    }
  });

  it('let nobody but the proxies and the gate out without a component', () => {
    const leaving = planes
      .filter(({ components }) => !components.includes('senders'))
      .map(({ mode, objects }) => [mode, whoLeaves(objects)]);
    expect(Object.fromEntries(leaving)).toEqual({
      'control-plane': [],
      standalone: ['llm-proxy', 'mcp-proxy'],
      'data-plane': ['llm-proxy', 'mcp-proxy', 'uplink-gate'],
    });
  });
});

function whoLeaves(objects: readonly Manifest[]): readonly string[] {
  const namespace = objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
  const policies = objects.filter((object): object is NetworkPolicy => object.kind === 'NetworkPolicy');
  return workloadsOf(objects)
    .filter((workload) =>
      isAllowed(policies, {
        from: { namespace, namespaceLabels: {}, labels: workload.spec.template.metadata.labels },
        to: { address: '198.51.100.7' },
        port: 443,
        protocol: 'TCP',
      }),
    )
    .map(podName)
    .sort();
}

describe('the evaluator of network policies', () => {
  const at = (labels: Record<string, string>): Endpoint => ({ namespace: 'a', namespaceLabels: {}, labels });
  const attempt = { from: at({ app: 'x' }), to: at({ app: 'y' }), port: 80, protocol: 'TCP' } as const;
  const policy = (spec: object): NetworkPolicy => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'p', namespace: 'a' },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'], ...spec },
  });

  it('leaves open what no policy selects, and closes both directions by an empty one', () => {
    expect(isAllowed([], attempt)).toBe(true);
    expect(isAllowed([policy({})], attempt)).toBe(false);
    expect(
      isAllowed([policy({ policyTypes: ['Egress'], podSelector: { matchLabels: { app: 'z' } } })], attempt),
    ).toBe(true);
  });

  it('needs a rule at both ends, for this port', () => {
    const ingress = [{ from: [{ podSelector: {} }], ports: [{ protocol: 'TCP', port: 80 }] }];
    const egress = [{ to: [{ podSelector: { matchLabels: { app: 'y' } } }] }];
    expect(isAllowed([policy({ ingress })], attempt)).toBe(false);
    expect(isAllowed([policy({ ingress }), policy({ egress })], attempt)).toBe(true);
    expect(isAllowed([policy({ ingress, egress })], { ...attempt, port: 81 })).toBe(false);
    expect(isAllowed([policy({ ingress, egress })], { ...attempt, protocol: 'UDP' })).toBe(false);
  });

  it('keeps namespaces and addresses apart', () => {
    const open = policy({
      ingress: [{ from: [{ podSelector: {} }] }],
      egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] } }] }],
    });
    const foreign: Endpoint = { namespace: 'b', namespaceLabels: {}, labels: { app: 'x' } };
    expect(isAllowed([open], { ...attempt, from: foreign })).toBe(false);
    expect(isAllowed([open], { ...attempt, to: { address: '10.9.9.9' } })).toBe(false);
    expect(isAllowed([open], { ...attempt, to: { address: '9.9.9.9' } })).toBe(true);
  });
});
