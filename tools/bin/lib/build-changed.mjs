// `node build-changed.mjs [project…]`: bundles every program whose sources changed since it was last bundled.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './root.mjs';

/** What every bundle may hold, whichever program it is. */
const COMMON = [
  'libs',
  'tools/build',
  'tools/components/src',
  'package-lock.json',
  'package.json',
  'tsconfig.base.json',
];

const RUNNER = ['main', 'demo', 'edge'];

function programs() {
  const apps = readdirSync(join(ROOT, 'apps'))
    .filter((app) => existsSync(join(ROOT, 'apps', app, 'src', 'main.ts')))
    .map((app) => ({
      project: app,
      entry: `apps/${app}/src/main.ts`,
      outfile: `dist/apps/${app}/main.js`,
      sources: `apps/${app}/src`,
    }));
  const runner = RUNNER.map((name) => ({
    project: 'runner',
    entry: name === 'main' ? 'tools/runner/src/main.ts' : `tools/runner/src/${name}/main.ts`,
    outfile: `dist/tools/runner/${name}.js`,
    sources: 'tools/runner/src',
  }));
  const deploy = {
    project: 'deploy',
    entry: 'tools/deploy/src/main.ts',
    outfile: 'dist/tools/deploy/main.js',
    sources: 'tools/deploy/src',
  };
  return [...runner, deploy, ...apps].filter(({ entry }) => existsSync(join(ROOT, entry)));
}

function addTo(hash, path) {
  const full = join(ROOT, path);
  if (!existsSync(full)) return;
  const entries = readdirSync(full, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'test') addTo(hash, child);
    else if (entry.isFile() && !/\.(?:int-)?spec\.ts$|\.md$/u.test(entry.name)) addFile(hash, child);
  }
}

function addFile(hash, path) {
  hash
    .update(path)
    .update('\0')
    .update(readFileSync(join(ROOT, path)))
    .update('\0');
}

const common = createHash('sha256');
for (const path of COMMON) (path.includes('.') ? addFile : addTo)(common, path);
const commonDigest = common.digest('hex');

const only = new Set(process.argv.slice(2));
const changed = programs().flatMap((program) => {
  if (only.size > 0 && !only.has(program.project)) return [];
  const hash = createHash('sha256').update(commonDigest);
  addTo(hash, program.sources);
  const digest = hash.digest('hex');
  const marker = join(ROOT, `${program.outfile}.sources`);
  const isCurrent =
    existsSync(join(ROOT, program.outfile)) && existsSync(marker) && readFileSync(marker, 'utf8') === digest;
  return isCurrent ? [] : [{ ...program, digest, marker }];
});

if (changed.length > 0) {
  console.log(`Building ${changed.map(({ outfile }) => outfile.split('/').slice(-2).join('/')).join(', ')}`);
  const { bundle } = await import('../../build/bundle.mjs');
  // One after the other: the bundler uses all cores for one, and would take gigabytes for all at once.
  for (const { entry, outfile, marker, digest } of changed) {
    await bundle(entry, outfile);
    mkdirSync(dirname(marker), { recursive: true });
    writeFileSync(marker, digest);
  }
}
process.exit(0);
