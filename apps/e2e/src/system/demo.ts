import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { workspaceRoot } from '@behavry/test-components';
import type { System } from './system';

/** Runs `npm run demo`'s script against a system. */
export async function runDemo(
  system: System,
): Promise<{ readonly exitCode: number | null; readonly output: string }> {
  const child = spawn(
    process.execPath,
    [join(workspaceRoot(), 'tools/bin/demo.mjs'), '--data-dir', system.dataDir],
    {
      cwd: workspaceRoot(),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const [exitCode] = (await once(child, 'exit')) as [number | null];
  return { exitCode, output };
}
