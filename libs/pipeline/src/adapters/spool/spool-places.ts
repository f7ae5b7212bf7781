import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SpoolLockedError } from './spool-lock';

/** More processes of one app on one volume is a mistake. */
const MOST = 100;

/**
 * The folders that processes of one app have side by side on one volume: the first is `base` itself, the next
 * `base.2`. Each process takes the first that nobody has; folders stay, so that their number is that of the most
 * processes at once.
 * @param open opens a folder
 * @throws SpoolLockedError when all are taken, and what `open` throws
 */
export async function takeSpoolPlace<T>(base: string, open: (folder: string) => Promise<T>): Promise<T> {
  for (let place = 1; ; place++) {
    try {
      return await open(place === 1 ? base : `${base}.${String(place)}`);
    } catch (error) {
      if (!(error instanceof SpoolLockedError) || place === MOST) throw error;
    }
  }
}

/** @returns the folders that there are, taken or not */
export async function spoolPlaces(base: string): Promise<readonly string[]> {
  const name = basename(base);
  const names = await readdir(dirname(base));
  return names
    .filter(
      (each) => each === name || (each.startsWith(`${name}.`) && /^\d+$/.test(each.slice(name.length + 1))),
    )
    .map((each) => join(dirname(base), each));
}
