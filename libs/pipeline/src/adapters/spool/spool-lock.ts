import { randomUUID } from 'node:crypto';
import { fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
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

/** Another process took the spool's folder while this one was silent: nothing that it writes there counts. */
export class SpoolLostError extends Error {
  constructor() {
    super('another process took the spool, because this one was silent');
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
  readonly watchMs?: number;
  /** Called when another process took the folder although this one lives. */
  readonly onLost: () => void;
}

/**
 * A holder elsewhere that is silent for so long counts as gone, at a start and later alike. It may be frozen all the
 * same (a machine that moves, a paused container), so whoever holds a folder must ask `verify` before it promises.
 */
const GONE_MS = 30_000;
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
 *
 * Whoever takes a folder removes the locks before its own, and only then reads what lies there. So a holder whose lock
 * file still has its name after it wrote something knows that the next one will read it.
 */
export class SpoolLock {
  #timer: NodeJS.Timeout | undefined;
  #isLost = false;

  private constructor(
    private readonly folder: string,
    /** Its lock, also when another process gives a file the same name. */
    private readonly handle: FileHandle,
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
      const handle = await make(file, JSON.stringify(own));
      if (!handle) continue;
      const [highest = 0, ...older] = await generations(folder);
      if (highest === newest + 1) {
        for (const generation of older) await rm(fileOf(folder, generation), { force: true });
        return new SpoolLock(folder, handle, own.token, onLost);
      }
      // Since it looked, others took the folder, ended, and their files made room for this one.
      await handle.close();
      await rm(file, { force: true });
    }
    throw new SpoolLockedError(folder, undefined);
  }

  /** Whether it is known that another process has the folder. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /**
   * Says that the folder was this process's until now: what was written before is read by whoever takes it later.
   * Costs less than 3 µs, where a turn of the thread pool takes ten times that: the kernel has an open file's number
   * of names in memory.
   * @throws SpoolLostError when another process took it meanwhile, or nobody can say
   */
  verify(): void {
    if (!this.#isLost) {
      if (namesOf(this.handle.fd) > 0) return;
      this.#lose();
    }
    throw new SpoolLostError();
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined; // a look that is under way must not take nobody for another
    // Into the file that was made, whatever has its name now.
    await this.handle.truncate(0);
    await this.handle.write(JSON.stringify(NOBODY), 0);
    await this.handle.close();
  }

  async #touch(): Promise<void> {
    const [newest = 0] = await generations(this.folder).catch(() => []);
    const holder = await readHolder(fileOf(this.folder, newest));
    if (this.#timer === undefined) return;
    if (holder !== undefined && holder.token !== this.token) {
      this.#lose();
      return;
    }
    const now = new Date();
    await this.handle.utimes(now, now).catch(() => undefined); // a folder that is gone fails at the next write
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    clearInterval(this.#timer);
    this.onLost();
  }
}

/** @returns how many names an open file has; 0 when nobody can say */
function namesOf(fd: number): number {
  try {
    return fstatSync(fd).nlink;
  } catch {
    return 0;
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

/** @returns the file that was made; undefined when there is one already */
async function make(file: string, content: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return undefined;
  }
  await handle.write(content);
  return handle;
}

async function refuseWhileHeld(
  folder: string,
  generation: number,
  { pid, space, watchMs = GONE_MS }: SpoolLockOptions,
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
