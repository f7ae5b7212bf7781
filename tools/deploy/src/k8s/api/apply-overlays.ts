import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { MODES } from '@behavry/contracts';
import { kubeTools, type KubeTools } from '../kube-tools';
import { render, writeEarnestOverlay } from '../render';
import { Cluster, mustHold } from './cluster';
import { clusterPrograms } from './cluster-programs';
import { Kubectl } from './kubectl';
import { refusals } from './refusals';
import { standIns } from './stand-ins';
import { tryOverlay } from './try-overlay';

const run = promisify(execFile);
type Say = (line: string) => void;
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/**
 * Applies every overlay to a real API server: `nx run deploy:k8s-api`. No container runs; pods are declared ready by
 * nodes that are none. Says what it did and how long it took.
 * @param root the workspace
 * @returns exit code
 * @throws Error at the first thing that is not as it should be; whatever was started has ended then
 */
export async function applyOverlays(root: string, say: Say): Promise<number> {
  const started = performance.now();
  const tools = await kubeTools(root);
  const programs = await clusterPrograms(say);
  say(
    `tools and programs of Kubernetes ${programs.release} at hand after ${seconds(performance.now() - started)}`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'behavry-k8s-'));
  const cluster = new Cluster(programs, folder);
  let isEnding = false;
  const end = async (): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void end().finally(() => process.exit(1)));
  try {
    const began = performance.now();
    await cluster.start();
    say(`API server ready after ${seconds(performance.now() - began)}`);
    const kubectl = new Kubectl(tools.kubectl, cluster.kubeconfig);
    await prepare(kubectl, cluster, programs.definitions);
    await tryAll(root, tools, kubectl, say);
    for (const refusal of await refusals(kubectl)) say(`refused: ${refusal}`);
    return 0;
  } finally {
    await end();
  }
}

async function prepare(kubectl: Kubectl, cluster: Cluster, definitions: readonly string[]): Promise<void> {
  await kubectl.must(['apply', '--server-side', ...definitions.flatMap((file) => ['-f', file])]);
  await kubectl.must(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  await cluster.startControllers();
  await kubectl.must(['apply', '-f', '-'], JSON.stringify(standIns()));
  await mustHold(
    'nodes ready',
    async () =>
      (await kubectl.must(['get', 'nodes'])).split('\n').filter((line) => line.includes(' Ready ')).length ===
      3,
    60_000,
  );
}

async function tryAll(root: string, tools: KubeTools, kubectl: Kubectl, say: Say): Promise<void> {
  const totals = { overlays: 0, objects: 0, pods: 0 };
  for (const mode of MODES) {
    say(await makeSecrets(root, tools, kubectl, mode));
    const overlays = [
      { name: mode, folder: join(root, 'k8s', 'overlays', mode), how: [] },
      { name: `${mode} in earnest`, folder: writeEarnestOverlay(root, mode), how: ['--server-side'] },
    ];
    for (const { name, folder, how } of overlays) {
      const tried = await tryOverlay(kubectl, folder, await render(tools, folder), how);
      say(
        `✓ ${name}: ${tried.objects} objects applied in ${seconds(tried.applyMs)}, ${tried.pods} pods, all ready after ${seconds(tried.readyMs)}; second apply and diff clean`,
      );
      totals.overlays += 1;
      totals.objects += tried.objects;
      totals.pods += tried.pods;
    }
  }
  say(`${totals.overlays} overlays, ${totals.objects} objects, ${totals.pods} pods`);
}

/** By the documented script, as a person would, twice: the second time it leaves everything alone. */
async function makeSecrets(root: string, tools: KubeTools, kubectl: Kubectl, mode: string): Promise<string> {
  const env = {
    ...process.env,
    PATH: `${dirname(tools.kubectl)}${delimiter}${process.env['PATH'] ?? ''}`,
    KUBECONFIG: kubectl.kubeconfig,
    BEHAVRY_DATA_PLANE_TOKEN: 'dp_example',
    BEHAVRY_LICENSE_KEY: 'lic_example',
    BEHAVRY_SECRET_OPENAI_KEY: 'sk-example',
  };
  const script = join(root, 'k8s', 'secrets.sh');
  const { stdout } = await run('bash', [script, mode], { env });
  const again = await run('bash', [script, mode], { env });
  const made = [...stdout.matchAll(/^secret\/(\S+) created$/gmu)].map(([, name]) => name);
  if (made.length < 4 || / created$/mu.test(again.stdout))
    throw new Error(`k8s/secrets.sh ${mode}:\n${stdout}${again.stdout}`);
  return `✓ secrets of ${mode}: ${made.join(', ')}`;
}
