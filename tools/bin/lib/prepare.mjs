// What every command needs before it can begin: the right Node, the dependencies, the built programs.
// Nothing here may use a dependency.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './root.mjs';
import { run, runNode } from './run.mjs';

const OLDEST_NODE = [20, 19];

/** Ends the process with a message when this Node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return;
  fail(
    `Node ${process.versions.node} is too old: ${OLDEST_NODE.join('.')} or newer is needed (https://nodejs.org).`,
  );
}

/** Installs the dependencies when they are missing or the lock file has changed since. */
export async function installDependencies() {
  const lock = join(ROOT, 'package-lock.json');
  const marker = join(ROOT, 'node_modules', '.behavry-lock');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  if (!isInstalledByHand(lock)) {
    console.log('Installing dependencies (npm ci); the first time this takes a few minutes.');
    const code = process.env.npm_execpath?.endsWith('.js')
      ? await runNode(process.env.npm_execpath, ['ci', '--no-audit', '--no-fund'])
      : await run('npm', ['ci', '--no-audit', '--no-fund']);
    if (code !== 0) fail('npm ci failed; its own message is above. Is the package registry reachable?', code);
  }
  writeFileSync(marker, wanted);
}

/** Whether somebody ran npm themselves after the lock file was last changed. */
function isInstalledByHand(lock) {
  const installed = join(ROOT, 'node_modules', '.package-lock.json');
  return existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs;
}

/** Bundles every program whose sources changed. @param {readonly string[]} only names of projects; none means all */
export async function buildChanged(only = []) {
  // A process of its own: the bundler leaves a helper running that must not outlive the build.
  const code = await runNode(join(ROOT, 'tools', 'bin', 'lib', 'build-changed.mjs'), only);
  if (code !== 0) fail('The build failed; the message is above.', code);
}

/** @param {string} message @param {number} [code] */
export function fail(message, code = 1) {
  console.error(`\n${message}`);
  process.exit(code);
}
