import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { waitUntil } from '../net/wait-until';
import { processIdentity } from './process-identity';

/** One process that a runner started. Each leads a process group of its own. */
export interface LedgerEntry {
  readonly name: string;
  readonly pid: number;
  readonly identity: string;
  readonly stopSignal: NodeJS.Signals;
}

/**
 * The file that remembers which processes were started, so that the next start can end what a
 * killed runner left behind.
 */
export class ProcessLedger {
  #entries: LedgerEntry[] = [];

  /** @param file where it is kept; its folder is made when missing */
  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true });
  }

  /** Remembers a process that runs. One that is gone already is not remembered. */
  add(name: string, pid: number, stopSignal: NodeJS.Signals): void {
    const identity = processIdentity(pid);
    if (identity === undefined) return;
    this.#entries.push({ name, pid, identity, stopSignal });
    this.#write();
  }

  remove(pid: number): void {
    this.#entries = this.#entries.filter((entry) => entry.pid !== pid);
    this.#write();
  }

  /**
   * Ends every process that an earlier run remembered and that is still the same process: asks the
   * whole group first, kills it after `patienceMs`.
   * @returns the names of what was ended
   */
  async endLeftovers(patienceMs = 8_000): Promise<string[]> {
    const left = this.#read().filter((entry) => sameProcess(entry));
    for (const entry of [...left].reverse()) signalGroup(entry.pid, entry.stopSignal);
    const gone = await waitUntil(() => !left.some(sameProcess), { timeoutMs: patienceMs });
    if (!gone) {
      for (const entry of left.filter(sameProcess)) signalGroup(entry.pid, 'SIGKILL');
      await waitUntil(() => !left.some(sameProcess), { timeoutMs: 2_000 });
    }
    // Children that outlived the leader of their group.
    for (const entry of left) signalGroup(entry.pid, 'SIGKILL');
    this.#entries = [];
    this.#write();
    return left.map((entry) => entry.name);
  }

  #read(): LedgerEntry[] {
    try {
      const parsed: unknown = JSON.parse(readFileSync(this.file, 'utf8'));
      return Array.isArray(parsed) ? (parsed as LedgerEntry[]) : [];
    } catch {
      return [];
    }
  }

  #write(): void {
    const next = `${this.file}.next`;
    writeFileSync(next, JSON.stringify(this.#entries), { mode: 0o600 });
    renameSync(next, this.file);
  }
}

function sameProcess(entry: LedgerEntry): boolean {
  return processIdentity(entry.pid) === entry.identity;
}

/** Sends a signal to a process group; silent when it is gone. */
export function signalGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // Gone already.
  }
}
