import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentError, processIdentity, ProcessLedger } from '@behavry/components';

const NEEDED_BYTES = 300 * 1024 * 1024;
/** OPA dies on longer socket paths ("bind: invalid argument"). */
const LONGEST_SOCKET_FOLDER = 80;

/** The folder of a run: locked by one runner at a time, cleaned of what a killed one left. */
export class DataFolder {
  readonly ledger: ProcessLedger;
  readonly #lock: string;
  readonly #sockets: string;

  constructor(readonly path: string) {
    mkdirSync(path, { recursive: true, mode: 0o755 });
    this.#lock = join(path, 'runner.lock');
    this.#sockets = join(path, 'sockets');
    this.ledger = new ProcessLedger(join(path, 'processes.json'));
  }

  /**
   * Takes the folder for this process and ends what an earlier runner left running.
   * @returns names of the processes that were ended
   * @throws ComponentError when another runner has it, or the disk is full
   */
  async take(): Promise<string[]> {
    const holder = this.#holder();
    if (holder !== undefined) {
      throw new ComponentError(
        'runner',
        `Another npm start (pid ${holder}) is running with ${this.path}. Stop it, or choose another --data-dir and --port.`,
      );
    }
    this.#checkSpace();
    writeFileSync(this.#lock, JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) }));
    const ended = await this.ledger.endLeftovers();
    this.#removeSockets();
    return ended;
  }

  /** Removes everything that was kept; fetched programs stay. */
  reset(): void {
    for (const name of ['control', 'data', 'standalone', 'secrets', 'scratch', 'run.json']) {
      rmSync(join(this.path, name), { recursive: true, force: true });
    }
  }

  /** A new short folder for unix sockets, gone after the run. */
  makeSocketFolder(): string {
    const base = tmpdir().length > LONGEST_SOCKET_FOLDER ? '/tmp' : tmpdir();
    const folder = mkdtempSync(join(base, 'bhv-'));
    writeFileSync(this.#sockets, folder);
    return folder;
  }

  release(): void {
    this.#removeSockets();
    rmSync(join(this.path, 'run.json'), { force: true });
    rmSync(this.#lock, { force: true });
  }

  #holder(): number | undefined {
    if (!existsSync(this.#lock)) return undefined;
    try {
      const { pid, identity } = JSON.parse(readFileSync(this.#lock, 'utf8')) as {
        pid: number;
        identity: string;
      };
      return pid !== process.pid && processIdentity(pid) === identity ? pid : undefined;
    } catch {
      return undefined;
    }
  }

  #removeSockets(): void {
    if (!existsSync(this.#sockets)) return;
    rmSync(readFileSync(this.#sockets, 'utf8'), { recursive: true, force: true });
    rmSync(this.#sockets);
  }

  #checkSpace(): void {
    const { bavail, bsize } = statfsSync(this.path);
    if (bavail * bsize >= NEEDED_BYTES) return;
    const free = Math.floor((bavail * bsize) / 1024 / 1024);
    throw new ComponentError(
      'disk',
      `Only ${free} MB are free where ${this.path} lies; at least ${NEEDED_BYTES / 1024 / 1024} MB are needed. ` +
        'Make room, or choose another --data-dir.',
    );
  }
}
