// `npm run test:node -- <path, version or "all">`: whole modes and both proxies on another Node, or on each that we
// promise. Needs what `npm test` has fetched; ends with a line a suite.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildChanged, checkNode, fail, installDependencies } from './lib/prepare.mjs';
import { takeNode } from './lib/other-node.mjs';
import { ROOT } from './lib/root.mjs';
import { run } from './lib/run.mjs';

/** The oldest that package.json allows, and each long-term line since; 24 is that of the images. */
const PROMISED = ['20.19.0', '22', '24', '26'];

const SUITES = [
  ['mcp-proxy', 'apps/mcp-proxy', 'int-test'],
  ['llm-proxy', 'apps/llm-proxy', 'int-test'],
  ['e2e', 'apps/e2e', 'e2e'],
];

checkNode();
const [wanted] = process.argv.slice(2);
if (wanted === undefined) fail('Which Node? Give a path or a version, or "all": npm run test:node -- 24');
await installDependencies();
await buildChanged();
const lines = [];
for (const each of wanted === 'all' ? PROMISED : [wanted]) {
  const { node } = await takeNode(['--node', each]);
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  for (const suite of SUITES) {
    const started = Date.now();
    const results = join(ROOT, 'dist', 'test-results', `${suite[0]}.${suite[2]}.json`);
    rmSync(results, { force: true });
    const code = await run(node, ['tools/build/jest.mjs', ...suite]);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    lines.push(
      `${code === 0 ? '✓' : '✗'} ${version.padEnd(9)} ${suite[0].padEnd(9)} ${counts(results)}, ${seconds} s`,
    );
    if (code !== 0) process.exitCode = 1;
  }
}
console.log(`\n${lines.join('\n')}`);

function counts(results) {
  if (!existsSync(results)) return 'no result';
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(results, 'utf8'));
  return `${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped`;
}
