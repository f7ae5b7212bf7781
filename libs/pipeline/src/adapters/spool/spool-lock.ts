import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** Another live process writes to this spool. */
export class SpoolLockedError extends Error {
  constructor(folder: string, pid: number | undefined) {
    super(
      `the spool ${folder} is in use by process ${String(pid ?? 'of another host or container')}; give every process a data folder of its own`,
    );
  }
}

/** Where process ids mean something: one boot of one machine, and one pid namespace of it. */
export function processSpace(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

interface Holder {
  readonly pid: number;
  /** When that process began, so that a process id that was given again is not taken for it. */
  readonly started: string;
  readonly space: string;
  readonly token: string;
}

export interface SpoolLockOptions {
  readonly pid: number;
  readonly space: string;
  /** How long a holder that cannot be looked at may be silent before it counts as gone, in ms. */
  readonly watchMs: number;
  /** Called when another process took the folder although this one lives. */
  readonly onLost: () => void;
}

const TOUCH_MS = 1_000;
const LOOK_MS = 100;

/**
 * A spool folder taken by one process. A holder in the same pid namespace is looked up by id and start time; one
 * elsewhere (another container, another host) is seen by the lock file, which every holder touches once a second.
 */
export class SpoolLock {
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly file: string,
    private readonly token: string,
    private readonly onLost: () => void,
  ) {
    this.#timer = setInterval(() => void this.#touch(), TOUCH_MS).unref();
  }

  /**
   * Takes the folder for this process. A lock of a process that is gone is taken over.
   * @throws SpoolLockedError when its holder lives
   */
  static async take(folder: string, options: SpoolLockOptions): Promise<SpoolLock> {
    const { pid, space, watchMs, onLost } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, 'lock');
    const own: Holder = { pid, space, started: startOf(pid), token: randomUUID() };
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        const handle = await open(file, 'wx', 0o600);
        await handle.writeFile(JSON.stringify(own));
        await handle.close();
        return new SpoolLock(file, own.token, onLost);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
      const holder = await readHolder(file);
      if (holder?.space === space) {
        const lives = holder.pid !== pid && holder.started === startOf(holder.pid);
        if (lives) throw new SpoolLockedError(folder, holder.pid);
      } else if (await isTouched(file, watchMs)) throw new SpoolLockedError(folder, undefined);
      await rm(file, { force: true });
    }
    throw new SpoolLockedError(folder, undefined);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if ((await readHolder(this.file))?.token === this.token) await rm(this.file, { force: true });
  }

  async #touch(): Promise<void> {
    const holder = await readHolder(this.file);
    if (this.#timer === undefined) return;
    if (holder !== undefined && holder.token !== this.token) {
      clearInterval(this.#timer);
      this.onLost();
      return;
    }
    const now = new Date();
    await utimes(this.file, now, now).catch(() => undefined); // a folder that is gone fails at the next write
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Holder;
  } catch {
    return undefined; // gone, or not written to its end
  }
}

async function isTouched(file: string, watchMs: number): Promise<boolean> {
  const touchedAt = async (): Promise<number | undefined> =>
    (await stat(file).catch(() => undefined))?.mtimeMs;
  const before = await touchedAt();
  for (const deadline = performance.now() + watchMs; performance.now() < deadline;) {
    await delay(LOOK_MS);
    if ((await touchedAt()) !== before) return true;
  }
  return false;
}

/** @returns when a process began, in ticks since the boot; empty when it is gone or nobody can say */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return isAlive(pid) ? 'unknown' : '';
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
