// `npm run bench`: builds the benchmark's processes and runs them, with `--node` on another Node; `npm run bench -- scan`: the scanner alone.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkNode, installDependencies } from './lib/prepare.mjs';
import { takeNode } from './lib/other-node.mjs';
import { run } from './lib/run.mjs';

checkNode();
await installDependencies();
const { node, rest } = await takeNode(process.argv.slice(2));
const { bundle } = await import('../build/bundle.mjs');
const { ROOT } = await import('../build/projects.mjs');
const OUT = 'dist/tools/bench';
for (const part of ['main', 'load', 'upstream', 'pass-through', 'noisy', 'open-streams', 'scan-bench']) {
  const source = `tools/bench/src/${part}.ts`;
  if (existsSync(join(ROOT, source))) await bundle(source, `${OUT}/${part}.js`);
}
const options = rest[0] === 'scan' ? ['--only', ...rest] : rest;
process.exit(await run(node, [`${OUT}/main.js`, ...options]));
