// `npm run bench`: builds the benchmark's processes and runs them, with `--node` on another Node; `npm run bench -- scan` (or `chat`): that section alone.
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
for (const part of [
  'main',
  'load',
  'upstream',
  'pass-through',
  'noisy',
  'open-streams',
  'scan-bench',
  'chat-bench',
]) {
  const source = `tools/bench/src/${part}.ts`;
  if (existsSync(join(ROOT, source))) await bundle(source, `${OUT}/${part}.js`);
}
// The thread that reads large bodies, which the chat is measured in.
await bundle('apps/llm-proxy/src/large-worker.ts', `${OUT}/large-worker.js`);
const options = ['scan', 'chat'].includes(rest[0]) ? ['--only', ...rest] : rest;
process.exit(await run(node, [`${OUT}/main.js`, ...options]));
