import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ComponentError } from '../component-error';
import { findOnPath, isExecutable } from '../process/find-on-path';
import { buildOpaWithGo } from './opa-from-go';
import { downloadOpa, OPA_RELEASES, opaReleaseFile } from './opa-download';
import { isAtLeast, OLDEST_OPA, OPA_VERSION, opaVersion } from './opa-version';

/** An `opa` command that works. */
export interface FoundOpa {
  readonly command: string;
  readonly version: string;
  /** Where it came from, for a person. */
  readonly source: string;
}

/** How to look for OPA. */
export interface GetOpaOptions {
  /** Where it may be kept when there is no home to keep a cache in. */
  readonly dataDir: string;
  readonly say?: (line: string) => void;
  /** Overrides of the environment, for tests. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether it may be fetched or built; otherwise only what is there already counts. */
  readonly mayFetch?: boolean;
}

/**
 * Gets an OPA that is new enough: `BEHAVRY_OPA_BIN`, PATH, one fetched before, the official release
 * (`BEHAVRY_OPA_DOWNLOAD_URL` names a mirror) when `BEHAVRY_OPA_SHA256` says what it must be, the Go toolchain, which
 * checks what it fetches by itself; in this order.
 * @throws ComponentError that says what was tried and what to do
 */
export async function getOpa(options: GetOpaOptions): Promise<FoundOpa> {
  const { say = () => undefined, env = process.env } = options;
  const named = env['BEHAVRY_OPA_BIN'];
  if (named)
    return (
      (await usable(named, 'BEHAVRY_OPA_BIN')) ??
      fail([`BEHAVRY_OPA_BIN=${named} is not an OPA ${OLDEST_OPA} or newer`])
    );
  const found = await alreadyHere(options.dataDir);
  if (found) return found;
  if (options.mayFetch === false) return fail(['none is on PATH and none was fetched before']);

  const target = join(writableCache(options.dataDir), `opa-${OPA_VERSION}`);
  const tried: string[] = [];
  const attempt = async (source: string, get: () => Promise<void>): Promise<FoundOpa | undefined> => {
    say(`OPA ${OPA_VERSION} is not here yet: ${source}`);
    try {
      await get();
      return (await usable(target, source)) ?? fail([...tried, `${target} does not run`]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tried.push(`${source}: ${reason}`);
      say(`that did not work: ${reason}`);
      return undefined;
    }
  };
  const base = env['BEHAVRY_OPA_DOWNLOAD_URL'] || OPA_RELEASES;
  const sha256 = env['BEHAVRY_OPA_SHA256'];
  const source = `official release from ${base}`;
  if (!sha256) tried.push(`${source}: not fetched, because BEHAVRY_OPA_SHA256 does not say what it must be`);
  else {
    const released = await attempt(source, () => downloadOpa(base, sha256, target, say));
    if (released) return released;
  }
  const go = findOnPath('go');
  const built =
    go === undefined
      ? undefined
      : await attempt('built with the Go toolchain', () => buildOpaWithGo(go, target, say));
  if (built) return built;
  return fail(go === undefined ? [...tried, 'no Go toolchain on PATH'] : tried);
}

async function alreadyHere(dataDir: string): Promise<FoundOpa | undefined> {
  const onPath = findOnPath('opa');
  const candidates = [
    ...(onPath === undefined ? [] : [{ command: onPath, source: 'PATH' }]),
    ...cacheFolders(dataDir).map((folder) => ({
      command: join(folder, `opa-${OPA_VERSION}`),
      source: 'fetched before',
    })),
  ];
  for (const { command, source } of candidates) {
    const opa = await usable(command, source);
    if (opa) return opa;
  }
  return undefined;
}

async function usable(command: string, source: string): Promise<FoundOpa | undefined> {
  const version = isExecutable(command) ? await opaVersion(command) : undefined;
  return version !== undefined && isAtLeast(version, OLDEST_OPA) ? { command, version, source } : undefined;
}

function cacheFolders(dataDir: string): string[] {
  const home = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return [join(dataDir, 'bin'), join(home, 'behavry')];
}

function writableCache(dataDir: string): string {
  const [own, shared] = cacheFolders(dataDir) as [string, string];
  try {
    mkdirSync(shared, { recursive: true });
    return shared;
  } catch {
    mkdirSync(own, { recursive: true });
    return own;
  }
}

function fail(tried: readonly string[]): never {
  throw new ComponentError(
    'opa',
    [
      `No Open Policy Agent ${OLDEST_OPA} or newer can be had:`,
      ...tried.map((line) => `  - ${line}`),
      'Do one of these and start again:',
      `  - put an "opa" on PATH (https://www.openpolicyagent.org/docs/latest/#running-opa) or name it in BEHAVRY_OPA_BIN`,
      `  - set BEHAVRY_OPA_SHA256 to the digest of ${opaReleaseFile(process.platform, process.arch)} of ${OPA_VERSION}, from a place you trust`,
      '    (and BEHAVRY_OPA_DOWNLOAD_URL to a mirror of its releases where the official place is out of reach)',
      '  - install Go, with which it will be built',
    ].join('\n'),
  );
}
