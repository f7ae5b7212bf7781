import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '@behavry/components';

const run = promisify(execFile);

/**
 * A program built by the machine's Go toolchain, which checks what it fetches by itself; kept per version.
 * @param path import path of the program
 * @param version with its `v`
 * @returns the program
 * @throws Error when there is no Go, or it cannot fetch or build
 */
export async function goTool(path: string, version: string): Promise<string> {
  const program = join(cacheFolder(), `${basename(path)}-${version.slice(1)}`);
  if (existsSync(program)) return program;
  await mkdir(cacheFolder(), { recursive: true });
  const work = await mkdtemp(join(cacheFolder(), 'go-'));
  try {
    await run('go', ['install', '-modcacherw', `${path}@${version}`], {
      env: { ...process.env, GOBIN: work, CGO_ENABLED: '0', GOFLAGS: '' },
    });
    await rename(join(work, basename(path)), program);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return program;
}
