import { execFile, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonTools } from '@behavry/components';
import { workspaceRoot } from '@behavry/test-components';

const run = promisify(execFile);

/** The package of the SDKs, apart from the workspace: no program of ours is to find them. */
export const SDKS_FOLDER = join(workspaceRoot(), 'apps', 'e2e', 'sdks');

/** Installs the SDKs when they are missing or older than their lock. Their scripts are not run: none is needed. */
export async function installJavaScript(): Promise<void> {
  const installed = join(SDKS_FOLDER, 'node_modules', '.package-lock.json');
  const lock = statSync(join(SDKS_FOLDER, 'package-lock.json'));
  if (existsSync(installed) && statSync(installed).mtimeMs >= lock.mtimeMs) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund'];
  const npm = process.env['npm_execpath'];
  const isScript = npm?.endsWith('.js') === true;
  await run(isScript ? process.execPath : 'npm', isScript ? [npm, ...args] : args, { cwd: SDKS_FOLDER });
}

/** @returns the Python that has the SDKs */
export async function installPython(): Promise<string> {
  return join(await pythonTools('sdks', join(SDKS_FOLDER, 'requirements.txt')), 'python');
}

/** Whether there is a Python that can have packages of its own. */
export function hasPython(): boolean {
  return spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0;
}
