// `npm run bench`: builds the benchmark's processes and runs them. `npm run bench -- scan`: the scanner alone.
import { spawnSync } from 'node:child_process';
import { checkNode, installDependencies } from './lib/prepare.mjs';

checkNode();
await installDependencies();
const { bundle } = await import('../build/bundle.mjs');
const { ROOT } = await import('../build/projects.mjs');
const OUT = 'dist/tools/bench';
const isScan = process.argv[2] === 'scan';
for (const part of isScan ? ['scan-bench'] : ['main', 'load', 'upstream', 'pass-through'])
  await bundle(`tools/bench/src/${part}.ts`, `${OUT}/${part}.js`);
const { status } = spawnSync(
  process.execPath,
  [`${OUT}/${isScan ? 'scan-bench' : 'main'}.js`, ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
