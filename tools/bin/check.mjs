// `npm run check`: everything that needs no running system. Each part runs even when one before it failed.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkNode, installDependencies } from './lib/prepare.mjs';

checkNode();
await installDependencies();
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const node = (...args) => [process.execPath, args];
const nx = (...args) => node(join(ROOT, 'node_modules/nx/dist/bin/nx.js'), ...args);

const PARTS = [
  [
    'format',
    node(join(ROOT, 'node_modules/prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.'),
  ],
  ['types', nx('run-many', '-t', 'typecheck', '--parallel=2')],
  ['lint', nx('run-many', '-t', 'lint', '--parallel=2')],
  ['generated documents', node(join(ROOT, 'tools/bin/generate.mjs'), '--check')],
  ['tree', nx('run', 'checks:test')],
  ['borders', nx('run', 'checks:int-test')],
];

let failed = 0;
for (const [name, [command, args]] of PARTS) {
  const started = Date.now();
  const { status } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' },
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${status === 0 ? '✓' : '✗'} ${name} (${seconds} s)`);
  if (status !== 0) failed += 1;
}
console.log(failed === 0 ? 'check is clean' : `${failed} part(s) of the check failed`);
process.exit(failed === 0 ? 0 : 1);
