// Runs the tests of the shipped Rego, and of what guards OPA itself, with a real `opa` and writes their totals beside
// those of Jest.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '..');
/** What every deciding OPA loads from disk: it is no policy, so the list of allowed built-ins does not bind it. */
const SYSTEM = join(ROOT, 'docker', 'opa', 'system');
const OPA = 'opa-1.22.2';

/** Where the `opa` command may lie, the first that exists wins. */
function findOpa() {
  const onPath = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'opa'));
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const places = [
    process.env.BEHAVRY_OPA_BIN,
    ...onPath,
    join(ROOT, '.behavry', 'bin', OPA),
    join(cache, 'behavry', OPA),
  ];
  return places.find((place) => place && existsSync(place));
}

function report(passed, failed, pending) {
  const folder = join(ROOT, 'dist', 'test-results');
  mkdirSync(folder, { recursive: true });
  const totals = { numPassedTests: passed, numFailedTests: failed, numPendingTests: pending };
  writeFileSync(join(folder, 'policies.test.json'), JSON.stringify(totals));
}

function countTests() {
  return [join(HERE, 'test'), SYSTEM]
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('_test.rego'))
    .map((file) => readFileSync(file, 'utf8').match(/^test_\w+/gm)?.length ?? 0)
    .reduce((sum, count) => sum + count, 0);
}

const opa = findOpa();
if (opa === undefined) {
  const isCi = process.env.CI === 'true';
  report(0, isCi ? countTests() : 0, isCi ? 0 : countTests());
  console.error('policies: no `opa` on this machine; npm test fetches one, or set BEHAVRY_OPA_BIN');
  process.exit(isCi ? 1 : 0);
}

const shipped = readdirSync(HERE, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'test')
  .map((entry) => join(HERE, entry.name));
const checks = [['--capabilities', join(HERE, 'capabilities.json'), ...shipped], [SYSTEM]].map((args) =>
  spawnSync(opa, ['check', '--strict', ...args], { encoding: 'utf8' }),
);
const run = spawnSync(opa, ['test', '--format', 'json', HERE, SYSTEM], {
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
});
let results;
try {
  results = JSON.parse(run.stdout);
} catch {
  console.error(run.stdout, run.stderr);
  report(0, countTests(), 0);
  process.exit(1);
}
const failed = results.filter(({ fail, error }) => fail || error);
for (const { package: path, name, location } of failed) {
  console.error(`failed: ${path}.${name} (${location.file}:${location.row})`);
}
const refused = checks.filter(({ status }) => status !== 0);
for (const { stdout, stderr } of refused) console.error(`opa check --strict: ${stdout}${stderr}`);
const checkFaults = refused.length;
report(results.length - failed.length, failed.length + checkFaults, 0);
console.log(`policies: ${results.length - failed.length} passed, ${failed.length + checkFaults} failed`);
process.exit(failed.length + checkFaults > 0 || results.length === 0 ? 1 : 0);
