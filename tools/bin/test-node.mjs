// `npm run test:node -- <path or major version>`: whole modes and both proxies on another Node. Needs what
// `npm test` has fetched; ends with a line a suite.
import { buildChanged, checkNode, fail, installDependencies } from './lib/prepare.mjs';
import { takeNode } from './lib/other-node.mjs';
import { run } from './lib/run.mjs';

checkNode();
const [wanted] = process.argv.slice(2);
if (wanted === undefined) fail('Which Node? Give a path or a major version: npm run test:node -- 24');
await installDependencies();
await buildChanged();
const { node } = await takeNode(['--node', wanted]);
const SUITES = [
  ['mcp-proxy', 'apps/mcp-proxy', 'int-test'],
  ['llm-proxy', 'apps/llm-proxy', 'int-test'],
  ['e2e', 'apps/e2e', 'e2e'],
];
const said = [];
for (const suite of SUITES) {
  const code = await run(node, ['tools/build/jest.mjs', ...suite]);
  said.push(`${code === 0 ? '✓' : '✗'} ${suite[0]}`);
  if (code !== 0) process.exitCode = 1;
}
console.log(`\nNode ${wanted}\n${said.join('\n')}`);
