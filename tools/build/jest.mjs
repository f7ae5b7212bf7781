// `node tools/build/jest.mjs <project> <root> test|int-test|e2e [jest options]`: one rung of one project's
// tests, with its figures in dist/test-results for the totals of `npm test`.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, WORKER } from './bundle.mjs';
import { ROOT } from './projects.mjs';

const [name, root, rung, ...rest] = process.argv.slice(2);
const PATTERNS = { test: '\\.spec\\.ts$', 'int-test': '\\.int-spec\\.ts$', e2e: '\\.e2e-spec\\.ts$' };
const results = join(ROOT, 'dist', 'test-results');
mkdirSync(results, { recursive: true });
// A thread runs no TypeScript: tests start the bundle of it.
for (const folder of ['src', 'test']) {
  const worker = join(root, folder, `${WORKER}.ts`);
  if (existsSync(join(ROOT, worker))) await bundle(worker, join('dist', root, `${WORKER}.js`));
}
const { status } = spawnSync(
  process.execPath,
  [
    join(ROOT, 'node_modules', 'jest', 'bin', 'jest.js'),
    '--config',
    join(ROOT, root, 'jest.config.cjs'),
    '--rootDir',
    join(ROOT, root),
    '--testRegex',
    PATTERNS[rung],
    '--json',
    '--outputFile',
    join(results, `${name}.${rung}.json`),
    // A room whose every test needs real components has none on the first rung; a check of the tree sees that each
    // room has tests. A connection that a failed test left open must not hold up everything behind it.
    ...(rung === 'test' ? ['--passWithNoTests'] : ['--runInBand', '--forceExit']),
    ...rest,
  ],
  { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'] },
);
process.exit(status ?? 1);
