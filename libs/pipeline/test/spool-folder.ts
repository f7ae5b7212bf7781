import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSpool, type FileSpoolOptions } from '../src/adapters/spool/file-spool';

/** A spool folder for each test. */
export class SpoolFolder {
  path = '';
  #ids = 0;

  /** Call it once in a file: the folder is made before and removed after each of its tests. */
  static forEach(): SpoolFolder {
    const folder = new SpoolFolder();
    beforeEach(() => {
      folder.path = mkdtempSync(join(tmpdir(), 'spool-'));
    });
    afterEach(() => {
      rmSync(folder.path, { recursive: true, force: true });
    });
    return folder;
  }

  /** Opens the spool in it. */
  open(changes: Partial<FileSpoolOptions> = {}): Promise<FileSpool> {
    return FileSpool.open({
      folder: this.path,
      maxBytes: 1_000_000,
      segmentBytes: 4_000,
      now: () => 1_767_225_700_000,
      makeId: () => `spool-${String(++this.#ids)}`,
      pid: process.pid,
      ...changes,
    });
  }

  /** @returns the names of its segments, oldest first */
  segments(): readonly string[] {
    return readdirSync(this.path)
      .filter((name) => name.endsWith('.spool'))
      .sort();
  }
}

/** What is read from a position on, as its readers understand it. */
export async function entriesFrom(
  spool: FileSpool,
  from: number,
  max = 100,
): Promise<readonly { readonly id: string }[]> {
  return (await spool.read(from, max)).map((json) => JSON.parse(json) as { id: string });
}
