/** The parts of Kubernetes objects that our checks read. */
export type Labels = Readonly<Record<string, string>>;

export interface Requirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

export interface Selector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly Requirement[];
}

export interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly protocol?: string; readonly port?: number }[];
}

export interface NetworkPolicySpec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

interface KeyRef {
  readonly name: string;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly {
    readonly name: string;
    readonly value?: string;
    readonly valueFrom?: { readonly secretKeyRef?: KeyRef };
  }[];
  readonly envFrom?: readonly { readonly secretRef?: KeyRef; readonly configMapRef?: KeyRef }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly secret?: { readonly secretName: string };
    readonly projected?: { readonly sources: readonly { readonly secret?: KeyRef }[] };
  }[];
}

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels };
  readonly spec?: unknown;
  readonly data?: Readonly<Record<string, string>>;
}

/** What makes pods. */
export interface Workload extends Manifest {
  readonly spec: {
    readonly replicas?: number;
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}

export interface NetworkPolicy extends Manifest {
  readonly spec: NetworkPolicySpec;
}

const WORKLOADS = new Set(['Deployment', 'StatefulSet', 'Job', 'DaemonSet', 'CronJob', 'Pod']);

/** @returns the objects that make pods; none of ours is a DaemonSet, CronJob or bare Pod, and the policies refuse them */
export function workloadsOf(objects: readonly Manifest[]): readonly Workload[] {
  return objects.filter((object): object is Workload => WORKLOADS.has(object.kind));
}

/** @returns the name under which policies and Services select the pods of a workload */
export function podName(workload: Workload): string {
  return workload.spec.template.metadata.labels['app.kubernetes.io/name'] ?? '';
}

/** @returns every Secret that a pod refers to, by volume or variable */
export function secretsOf({ spec }: Workload): ReadonlySet<string> {
  const pod = spec.template.spec;
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  const names = [
    ...(pod.volumes ?? []).flatMap(({ secret, projected }) => [
      secret?.secretName,
      ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ]),
    ...containers.flatMap(({ env = [], envFrom = [] }) => [
      ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
      ...envFrom.map(({ secretRef }) => secretRef?.name),
    ]),
  ];
  return new Set(names.filter((name) => name !== undefined));
}
