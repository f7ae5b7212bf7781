import type { Manifest } from '../manifests';
import type { Rendered } from '../render';
import { mustHold } from './cluster';
import type { Kubectl } from './kubectl';

interface Live extends Manifest {
  readonly metadata: Manifest['metadata'] & { readonly generation?: number };
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly succeeded?: number;
  };
}

export interface Tried {
  readonly objects: number;
  readonly pods: number;
  readonly applyMs: number;
  readonly readyMs: number;
}

const READY_MS = 180_000;

/**
 * Applies an overlay for real, then again, and looks at the difference and at what becomes of it.
 * @param how arguments of `kubectl apply` beside the folder
 * @throws Error at the first thing that is not as it should be
 */
export async function tryOverlay(
  kubectl: Kubectl,
  folder: string,
  { objects }: Rendered,
  how: readonly string[],
): Promise<Tried> {
  const namespace = objects.find(({ kind }) => kind === 'Namespace')?.metadata.name ?? '';
  const apply = ['apply', ...how, '-k', folder];
  const started = performance.now();
  const { code, out, complaint } = await kubectl.run(apply);
  const applyMs = performance.now() - started;
  // A warning of Pod Security does not fail an apply.
  if (code !== 0 || /warning/iu.test(complaint))
    throw new Error(`kubectl ${apply.join(' ')}:\n${out}${complaint}`);
  const lines = out.split('\n').filter((line) => line !== '');
  if (lines.length !== objects.length)
    throw new Error(`${lines.length} of ${objects.length} objects were applied`);

  const readyMs = await untilReady(kubectl, namespace, started);

  const before = await generations(kubectl, namespace);
  await kubectl.must(apply);
  const after = await generations(kubectl, namespace);
  if (after !== before) throw new Error(`a second apply moved generations:\n${before}\n${after}`);
  const server = how.includes('--server-side') ? ['--server-side'] : [];
  const { code: differs, out: difference } = await kubectl.run(['diff', ...server, '-k', folder]);
  if (differs !== 0) throw new Error(`kubectl diff is not clean:\n${difference}`);

  const pods = await kubectl.items<Manifest>(namespace, 'pods');
  return { objects: objects.length, pods: pods.length, applyMs, readyMs };
}

/** @returns milliseconds from `started` until every workload has all it wants and the job has ended */
async function untilReady(kubectl: Kubectl, namespace: string, started: number): Promise<number> {
  let waiting: readonly string[] = [];
  const isReady = async (): Promise<boolean> => {
    const workloads = await kubectl.items<Live>(namespace, 'deployments,statefulsets,jobs');
    waiting = workloads.filter((workload) => !isDone(workload)).map(({ metadata }) => metadata.name);
    return workloads.length > 0 && waiting.length === 0;
  };
  await mustHold(`all workloads of ${namespace} ready`, isReady, READY_MS).catch(async (error: unknown) => {
    const events = await kubectl.must(['-n', namespace, 'get', 'events', '--field-selector', 'type=Warning']);
    throw new Error(`not ready: ${waiting.join(', ')}\n${events.slice(-3_000)}`, { cause: error });
  });
  return performance.now() - started;
}

function isDone({ kind, metadata, spec, status = {} }: Live): boolean {
  if (kind === 'Job') return status.succeeded === 1;
  const wanted = spec.replicas ?? 1;
  // An autoscaler's minimum counts, once it has spoken.
  if (metadata.name.endsWith('-proxy') && wanted < 2) return false;
  return status.readyReplicas === wanted && status.updatedReplicas === wanted;
}

/** What counts as a change: kubectl says `configured` also of objects that the server then leaves as they are. */
async function generations(kubectl: Kubectl, namespace: string): Promise<string> {
  const objects = await kubectl.items<Live>(
    namespace,
    'deployments,statefulsets,jobs,networkpolicies,ingresses,poddisruptionbudgets',
  );
  return objects
    .map(({ kind, metadata }) => `${kind}/${metadata.name} ${String(metadata.generation)}`)
    .join('\n');
}
