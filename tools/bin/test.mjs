// `npm test`: every test on real components, from a bare clone. Ends with the totals on a line of their own.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildChanged, checkNode, installDependencies } from './lib/prepare.mjs';
import { ROOT } from './lib/root.mjs';
import { runNode } from './lib/run.mjs';

const RESULTS = join(ROOT, 'dist', 'test-results');
const NX = join(ROOT, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
const parts = [];
let failedParts = 0;

/** Runs one part and remembers how long it took; a part that fails does not keep the next from running. */
async function part(name, work) {
  console.log(`\n── ${name}`);
  const started = Date.now();
  const code = await work().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  });
  parts.push(
    `${name.padEnd(18)} ${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  ${code === 0 ? 'ok' : 'failed'}`,
  );
  if (code !== 0) failedParts += 1;
}

/** An OPA and a PostgreSQL for all tests of this run; what cannot be had makes its tests skipped, named. */
async function components() {
  const { bundle } = await import('../build/bundle.mjs');
  await bundle('tools/components/src/index.ts', 'dist/tools/components/index.js');
  const { getOpa, PostgresComponent, ProcessLedger } = await import(
    pathToFileURL(join(ROOT, 'dist/tools/components/index.js')).href
  ).then((module) => module.default ?? module);
  try {
    const opa = await getOpa({ dataDir: join(ROOT, '.behavry'), say: (line) => console.log(line) });
    console.log(`OPA ${opa.version} (${opa.source})`);
    process.env.BEHAVRY_OPA_BIN = opa.command;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  if (process.env.BEHAVRY_TEST_DB_URL || process.env.BEHAVRY_DB_URL) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'behavry-npm-test-'));
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'pg'));
  const postgres = new PostgresComponent({
    root: ROOT,
    folder: join(folder, 'pg'),
    logFile: join(folder, 'postgres.log'),
    ledger: new ProcessLedger(join(folder, 'ledger.json')),
    isThrowaway: true,
  });
  await postgres.start();
  process.env.BEHAVRY_TEST_DB_URL = postgres.url;
  return async () => {
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Sums up what the parts wrote. */
function totals() {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const file of existsSync(RESULTS) ? readdirSync(RESULTS) : []) {
    const result = JSON.parse(readFileSync(join(RESULTS, file), 'utf8'));
    sum.passed += result.numPassedTests;
    // A file that could not even be loaded counts as one failed test.
    sum.failed += result.numFailedTests + (result.numRuntimeErrorTestSuites ?? 0);
    sum.skipped += result.numPendingTests + (result.numTodoTests ?? 0);
    for (const suite of result.testResults ?? []) {
      for (const test of suite.assertionResults ?? []) {
        if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
      }
    }
  }
  return sum;
}

checkNode();
await installDependencies();
rmSync(RESULTS, { recursive: true, force: true });
process.env.NX_DAEMON = 'false';
process.env.NX_TUI = 'false';

let stop;
await part('components', async () => {
  stop = await components();
  return 0;
});
await part('build', async () => {
  await buildChanged();
  return 0;
});
await part('unit and policy', () =>
  runNode(NX, ['run-many', '-t', 'test', '--parallel=2', '--output-style=stream']),
);
await part('integration', () =>
  runNode(NX, ['run-many', '-t', 'int-test', '--parallel=1', '--exclude=checks', '--output-style=stream']),
);
await stop?.();
delete process.env.BEHAVRY_TEST_DB_URL;
await part('end to end', () => runNode(NX, ['run', 'e2e:e2e']));

const { passed, failed, skipped } = totals();
console.log(`\n${parts.join('\n')}\n`);
const isCi = process.env.CI === 'true';
if (isCi && skipped > 0) console.log('skipped tests are a failure in continuous integration');
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failedParts > 0 || failed > 0 || (isCi && skipped > 0) ? 1 : 0);
