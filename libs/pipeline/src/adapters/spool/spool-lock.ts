import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
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

const LOCK = /^lock\.(\d+)$/;
/** The holder of a folder that was given back. */
const NOBODY: Holder = { pid: 0, started: '', space: '', token: '' };

/**
 * A spool folder taken by one process. Locks have generations: of the files `lock.<n>` the highest names the holder,
 * and nobody ever removes it. To take the folder is to make the next one, which one process alone can, also on a shared
 * volume and however long ago it looked. A holder in the same pid namespace is looked up by id and start time; one
 * elsewhere (another container, another host) is seen by its file, which every holder touches once a second.
 */
export class SpoolLock {
  #timer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly folder: string,
    private readonly file: string,
    private readonly token: string,
    private readonly onLost: () => void,
  ) {
    this.#timer = setInterval(() => void this.#touch(), TOUCH_MS).unref();
  }

  /**
   * Takes the folder for this process. A lock of a process that is gone is taken over.
   * @throws SpoolLockedError when its holder lives, or another process takes it at the same time
   */
  static async take(folder: string, options: SpoolLockOptions): Promise<SpoolLock> {
    const { pid, space, onLost } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const own: Holder = { pid, space, started: startOf(pid), token: randomUUID() };
    for (let attempt = 0; attempt < 3; attempt++) {
      const [newest = 0] = await generations(folder);
      if (newest > 0) await refuseWhileHeld(folder, newest, options);
      const file = fileOf(folder, newest + 1);
      if (!(await make(file, JSON.stringify(own)))) continue;
      const [highest = 0, ...older] = await generations(folder);
      if (highest === newest + 1) {
        for (const generation of older) await rm(fileOf(folder, generation), { force: true });
        return new SpoolLock(folder, file, own.token, onLost);
      }
      // Since it looked, others took the folder, ended, and their files made room for this one.
      await rm(file, { force: true });
    }
    throw new SpoolLockedError(folder, undefined);
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined; // a look that is under way must not take nobody for another
    if ((await readHolder(this.file))?.token === this.token)
      await writeFile(this.file, JSON.stringify(NOBODY), { mode: 0o600 });
  }

  async #touch(): Promise<void> {
    const [newest = 0] = await generations(this.folder).catch(() => []);
    const holder = await readHolder(fileOf(this.folder, newest));
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

function fileOf(folder: string, generation: number): string {
  return join(folder, `lock.${String(generation)}`);
}

/** @returns those that there are, highest first */
async function generations(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder);
  return names
    .flatMap((name) => LOCK.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => b - a);
}

/** @returns whether it was made: false when there is one already */
async function make(file: string, content: string): Promise<boolean> {
  try {
    await writeFile(file, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

async function refuseWhileHeld(
  folder: string,
  generation: number,
  { pid, space, watchMs }: SpoolLockOptions,
): Promise<void> {
  const file = fileOf(folder, generation);
  const holder = await readHolder(file);
  if (holder?.token === NOBODY.token) return;
  if (holder?.space === space) {
    const lives = holder.pid !== pid && holder.started === startOf(holder.pid);
    if (lives) throw new SpoolLockedError(folder, holder.pid);
  } else if (await isTouched(file, watchMs)) throw new SpoolLockedError(folder, undefined);
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
  if (before === undefined) return false;
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
