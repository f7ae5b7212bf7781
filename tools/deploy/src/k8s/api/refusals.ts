import type { Kubectl } from './kubectl';

const NAMESPACE = 'behavry';

/**
 * Tries what the cluster must refuse, in the namespace of the standalone overlay.
 * @returns what was refused
 * @throws Error when something is let in
 */
export async function refusals(kubectl: Kubectl): Promise<readonly string[]> {
  const tries: readonly (readonly [string, object, RegExp])[] = [
    [
      'a misspelt field',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'misspelt', namespace: NAMESPACE },
        spec: { prots: [], ports: [{ port: 80 }] },
      },
      /prots/u,
    ],
    [
      'a pod that may run as root',
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'root', namespace: NAMESPACE },
        spec: { containers: [{ name: 'app', image: 'any:1' }] },
      },
      /violates PodSecurity "restricted/u,
    ],
  ];
  const refused: string[] = [];
  for (const [what, object, reason] of tries) {
    const { code, out, complaint } = await kubectl.run(
      ['apply', '--server-side', '-f', '-'],
      JSON.stringify(object),
    );
    if (code === 0 || !reason.test(complaint)) throw new Error(`${what} is not refused: ${out}${complaint}`);
    refused.push(what);
  }
  return refused;
}
