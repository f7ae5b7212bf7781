import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT = /^(\d{16})\.spool$/;
const ID_FILE = 'spool.json';
const LOCK_FILE = 'lock';

/** Another live process writes to this spool. */
export class SpoolLockedError extends Error {
  constructor(folder: string, pid: number) {
    super(`the spool ${folder} is in use by process ${String(pid)}`);
  }
}

/** @returns the file of the segment that begins at a position */
export function segmentFile(folder: string, first: number): string {
  return join(folder, `${String(first).padStart(16, '0')}.spool`);
}

/** @returns the first positions of all segments, ascending */
export async function listSegments(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** The identity of a spool, made once and kept beside its segments. */
export async function readOrMakeSpoolId(folder: string, makeId: () => string): Promise<string> {
  const file = join(folder, ID_FILE);
  try {
    const { spool_id: id } = JSON.parse(await readFile(file, 'utf8')) as { spool_id?: unknown };
    if (typeof id === 'string') return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = makeId();
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(JSON.stringify({ spool_id: id }));
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  await syncFolder(folder);
  return id;
}

/**
 * Takes the folder for this process. A lock of a process that is gone is taken over.
 * @throws SpoolLockedError when its holder lives
 */
export async function lockFolder(folder: string, pid: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, LOCK_FILE);
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = await open(file, 'wx', 0o600);
      await handle.writeFile(String(pid));
      await handle.close();
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(file, 'utf8').catch(() => ''));
    if (holder !== pid && isAlive(holder)) throw new SpoolLockedError(folder, holder);
    await rm(file, { force: true });
  }
  throw new SpoolLockedError(folder, 0);
}

export async function unlockFolder(folder: string): Promise<void> {
  await rm(join(folder, LOCK_FILE), { force: true });
}

/** Makes the names in a folder durable, as `fdatasync` does for content. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
