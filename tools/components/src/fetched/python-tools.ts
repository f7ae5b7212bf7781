import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from './cache-folder';

const run = promisify(execFile);

/**
 * Programs from PyPI, in a Python environment of their own that is kept per list of versions.
 * @param name of the environment
 * @param list path of a requirements file with exact versions
 * @returns folder of the programs
 * @throws Error that says what is missing on this machine
 */
export async function pythonTools(name: string, list: string): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(list)).digest('hex').slice(0, 12);
  const folder = join(cacheFolder(), `${name}-${digest}`);
  if (!existsSync(folder)) await make(folder, list);
  return join(folder, 'bin');
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
