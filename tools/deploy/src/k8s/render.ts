import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync, copyFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { loadAll } from 'js-yaml';
import type { Mode } from '@behavry/contracts';
import type { KubeTools } from './kube-tools';
import type { Manifest } from './manifests';

const run = promisify(execFile);
const MAX_BYTES = 16 * 1024 * 1024;

export interface Rendered {
  readonly yaml: string;
  readonly objects: readonly Manifest[];
}

/** What `kubectl apply -k` would send. @throws Error with what kustomize says */
export async function render({ kubectl }: Pick<KubeTools, 'kubectl'>, folder: string): Promise<Rendered> {
  const { stdout } = await run(kubectl, ['kustomize', folder], { maxBuffer: MAX_BYTES });
  return { yaml: stdout, objects: loadAll(stdout) as Manifest[] };
}

/** Components beside those that the overlays name. */
const OPTIONAL: Readonly<Record<Mode, readonly string[]>> = {
  'control-plane': ['external-secrets', 'monitoring', 'telemetry'],
  'data-plane': [
    'external-secrets',
    'monitoring',
    'telemetry',
    'senders',
    'control-plane-in-cluster',
    'control-plane-ca',
  ],
  standalone: ['external-secrets', 'monitoring', 'telemetry', 'senders'],
};

/**
 * An overlay as for earnest use: stores outside the namespace, Gateway instead of Ingress, and every component that is
 * off by default, in a namespace of its own. Written beneath `dist/`, because kustomize takes no absolute paths.
 * @param root the workspace
 * @returns its folder
 */
export function writeEarnestOverlay(root: string, mode: Mode): string {
  const source = join(root, 'k8s', 'overlays', mode);
  const folder = join(root, 'dist', 'k8s', mode);
  mkdirSync(folder, { recursive: true });
  for (const file of ['namespace.yaml', 'plane.env']) copyFileSync(join(source, file), join(folder, file));
  const k8s = relative(folder, join(root, 'k8s'));
  const swapped = readFileSync(join(source, 'kustomization.yaml'), 'utf8')
    .replace(
      '  - ../../components/in-cluster-stores\n',
      ['external-postgres', 'external-redis', ...OPTIONAL[mode]]
        .map((component) => `  - ../../components/${component}\n`)
        .join(''),
    )
    .replace('components/ingress/', 'components/gateway/')
    .replace(/^namespace: (.*)$/mu, 'namespace: $1-earnest')
    .replaceAll('../../', `${k8s}/`);
  writeFileSync(join(folder, 'kustomization.yaml'), swapped);
  return folder;
}
