import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { KubeTools } from './kube-tools';
import type { Manifest } from './manifests';

/** The version of Kubernetes whose schemas count; the API server of `deploy:k8s-api` is of it too. */
export const KUBERNETES_VERSION = '1.34';

/** Kinds that are not Kubernetes' own: their schemas come with what defines them, and the API server checks them. */
const FOREIGN = /^(?:gateway\.networking\.k8s\.io|monitoring\.coreos\.com|external-secrets\.io)\//u;

const VALIDATE = `
import json, sys, kubernetes_validate
for manifest in json.load(sys.stdin):
    try:
        kubernetes_validate.validate(manifest, '${KUBERNETES_VERSION}', strict=True)
    except kubernetes_validate.ValidationError as error:
        path = '.'.join(str(part) for part in error.path)
        print('%s/%s: %s: %s' % (manifest['kind'], manifest['metadata']['name'], path, error.message))
`;

/**
 * Checks objects against the schemas of Kubernetes, unknown fields included.
 * @returns a sentence for each fault, and how many objects were checked
 */
export async function validate(
  { python }: Pick<KubeTools, 'python'>,
  objects: readonly Manifest[],
): Promise<{ readonly faults: readonly string[]; readonly checked: number }> {
  const own = objects.filter(({ apiVersion }) => !FOREIGN.test(apiVersion));
  const child = spawn(python, ['-c', VALIDATE], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(own));
  const [out, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject)),
  ]);
  if (code !== 0) throw new Error(`kubernetes_validate ended with ${String(code)}: ${complaint}`);
  return { faults: out.split('\n').filter((line) => line !== ''), checked: own.length };
}
