import { open, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const SEGMENT = /^(\d{16})\.spool$/;
const ID_FILE = 'spool.json';

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

/** @returns whether anything was ever written to a folder's segments and not removed */
export async function holdsEntries(folder: string): Promise<boolean> {
  const sizes = await Promise.all(
    (await listSegments(folder)).map(async (first) => {
      // One that is gone was stored and trimmed by whoever has the folder.
      const file = await stat(segmentFile(folder, first)).catch(() => undefined);
      return file?.size ?? 0;
    }),
  );
  return sizes.some((size) => size > 0);
}

/**
 * Empties a folder whose entries are all stored elsewhere. What is written to it later is another spool: first its id
 * goes, because positions begin at 1 again, and those of a known id would be taken for stored.
 * @param verify asked before each step; throws when the folder is another process's
 */
export async function clearSpoolFolder(folder: string, verify: () => void): Promise<void> {
  verify();
  await rm(join(folder, ID_FILE), { force: true });
  await syncFolder(folder);
  for (const first of await listSegments(folder)) {
    verify();
    await rm(segmentFile(folder, first), { force: true });
  }
  await syncFolder(folder);
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
  await replaceFile(folder, file, JSON.stringify({ spool_id: id }));
  return id;
}

/** Writes a file durably under another name and puts it in place at once. */
export async function replaceFile(folder: string, file: string, content: string | Buffer): Promise<void> {
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(content);
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  await syncFolder(folder);
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
