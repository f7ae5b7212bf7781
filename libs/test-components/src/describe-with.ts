import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, OPA_VERSION } from '@behavry/components';
import { nginxCommand } from './test-nginx';
import { workspaceRoot } from './workspace-root';

/** A block of tests that needs OPA: skipped, by name, when the machine has none. In CI a missing OPA fails it. */
export function describeWithOpa(name: string, block: () => void): void {
  describeWith('OPA', hasOpa(), 'npm test fetches it; or put "opa" on PATH', name, block);
}

/** The same for Redis. */
export function describeWithRedis(name: string, block: () => void): void {
  const isHere =
    process.env['BEHAVRY_TEST_REDIS_URL'] !== undefined || findOnPath('redis-server') !== undefined;
  describeWith('Redis', isHere, 'install the package redis-server', name, block);
}

/** The same for nginx. */
export function describeWithNginx(name: string, block: () => void): void {
  describeWith('nginx', nginxCommand() !== undefined, 'install the package nginx-light', name, block);
}

function describeWith(what: string, isHere: boolean, how: string, name: string, block: () => void): void {
  if (isHere || process.env['CI'] === 'true') describe(name, block);
  else describe.skip(`${name} (needs ${what}: ${how})`, block);
}

function hasOpa(): boolean {
  const file = `opa-${OPA_VERSION}`;
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return (
    Boolean(process.env['BEHAVRY_OPA_BIN']) ||
    findOnPath('opa') !== undefined ||
    existsSync(join(workspaceRoot(), '.behavry', 'bin', file)) ||
    existsSync(join(cache, 'behavry', file))
  );
}
