import { MAX_AUDIT_ENTRY_BYTES, type SpoolEntry } from '@behavry/contracts';
import type { AuditSpool } from '../../ports/ports';
import { RecentEntries } from './recent-entries';
import { clearSpoolFolder, readOrMakeSpoolId } from './spool-folder';
import { processSpace, SpoolLock } from './spool-lock';
import { abortedOutcome, recoverSegments, type SpoolDamage, type Unfinished } from './spool-recovery';
import { SpoolSegments } from './spool-segments';

export interface FileSpoolOptions {
  readonly folder: string;
  /** New exchanges are refused once so much waits to be acknowledged. */
  readonly maxBytes: number;
  /** A segment is closed at this size; trimming removes whole segments. */
  readonly segmentBytes: number;
  readonly now: () => number;
  readonly makeId: () => string;
  readonly pid: number;
  /** Durable entries cannot be read any more: an alarm. */
  readonly onDamage?: (damage: SpoolDamage) => void;
  /** Another process took the folder although this one lives: an alarm; from now on everything is refused. */
  readonly onLost?: () => void;
  /** Where `pid` means something; asked of the system when left out. */
  readonly space?: string;
  /** How long a lock of another container is watched before it is taken over, in ms. */
  readonly lockWatchMs?: number;
}

/** An entry that is larger than one record may be; its exchange must not go on unrecorded. */
export class EntryTooLargeError extends Error {
  constructor(bytes: number) {
    super(`a record of ${String(bytes)} bytes exceeds ${String(MAX_AUDIT_ENTRY_BYTES)}`);
  }
}

interface Waiting {
  readonly entry: Pick<SpoolEntry, 'type' | 'id' | 'ts'>;
  readonly json: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** After a failed write new exchanges are refused for this long, then one may try. */
const BROKEN_MS = 1_000;
/** How long an outcome may wait for a write to share; a crash within it is closed as one, `process_restarted`. */
const LINGER_MS = 20;

/**
 * An append-only spool in a folder of its own. Appends that come together share one durable write; nothing lingers
 * when there is nothing to wait for. Entries have contiguous positions from 1 that survive restarts, and stay until
 * they are acknowledged. An entry is turned into JSON once, and goes on as that text. Durable is what whoever takes the
 * folder will find: after each write the lock is looked at, because a frozen process may wake up in another's spool.
 */
export class FileSpool implements AuditSpool {
  readonly #options: FileSpoolOptions;
  readonly #id: string;
  readonly #segments: SpoolSegments;
  readonly #unfinished: Map<string, Unfinished>;
  readonly #lock: SpoolLock;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** Whether something waits that somebody waits for. */
  #isUrgent = false;
  #linger: NodeJS.Timeout | undefined;
  #brokenUntil = 0;
  #acknowledged = 0;
  readonly #recent: RecentEntries;
  #listener: () => void = () => undefined;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  private constructor(
    options: FileSpoolOptions,
    id: string,
    lock: SpoolLock,
    segments: SpoolSegments,
    unfinished: Map<string, Unfinished>,
  ) {
    this.#options = options;
    this.#id = id;
    this.#lock = lock;
    this.#segments = segments;
    this.#unfinished = unfinished;
    this.#recent = new RecentEntries(this.last + 1);
  }

  /**
   * Opens a folder, takes over what a dead process left, and closes its unfinished exchanges: every
   * decision without an outcome gets `aborted`, `process_restarted`.
   * @throws SpoolLockedError when another process has it open
   */
  static async open(options: FileSpoolOptions): Promise<FileSpool> {
    const { folder, makeId, now, pid, space = processSpace(), lockWatchMs, segmentBytes } = options;
    let lose = (): void => undefined;
    const lock = await SpoolLock.take(folder, {
      pid,
      space,
      ...(lockWatchMs === undefined ? {} : { watchMs: lockWatchMs }),
      onLost: () => {
        lose();
      },
    });
    try {
      const id = await readOrMakeSpoolId(folder, makeId);
      const found = await recoverSegments(folder, () => ({
        type: 'lost',
        id: makeId(),
        ts: new Date(now()).toISOString(),
      }));
      for (const damage of found.damage) options.onDamage?.(damage);
      const segments = await SpoolSegments.begin({ folder, segmentBytes, lock }, found.segments);
      const left = [...found.unfinished];
      const spool = new FileSpool(options, id, lock, segments, found.unfinished);
      lose = () => {
        spool.#isClosed = true;
        options.onLost?.();
      };
      await Promise.all(left.map(([key, { ts }]) => spool.append(abortedOutcome(key, ts, now()))));
      return spool;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  get id(): string {
    return this.#id;
  }

  /** Position of the last durable entry; 0 before the first. */
  get last(): number {
    return this.#segments.last;
  }

  /** Position of the oldest entry that is still there. */
  get oldest(): number {
    return this.#segments.oldest;
  }

  /** Entries that nobody has acknowledged yet. */
  get backlog(): number {
    return this.last - Math.max(this.#acknowledged, this.oldest - 1);
  }

  get bytes(): number {
    return this.#segments.bytes;
  }

  get isFull(): boolean {
    return this.#isClosed || this.bytes >= this.#options.maxBytes || this.#options.now() < this.#brokenUntil;
  }

  /** @param listener called after entries became durable */
  onDurable(listener: () => void): void {
    this.#listener = listener;
  }

  /** @throws EntryTooLargeError, SpoolLostError when another process took the folder, and what writing throws */
  append(entry: SpoolEntry): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the spool is closed'));
    const json = JSON.stringify(entry);
    const bytes = Buffer.byteLength(json);
    if (bytes > MAX_AUDIT_ENTRY_BYTES) return Promise.reject(new EntryTooLargeError(bytes));
    const { type, id, ts } = entry;
    return new Promise((done, failed) => {
      this.#waiting.push({ entry: { type, id, ts }, json, done, failed });
      // No answer waits for an outcome, so it goes with the next decision, or soon.
      if (type === 'outcome') this.#linger ??= setTimeout(this.#flushNow, LINGER_MS);
      else this.#flushNow();
    });
  }

  /**
   * @param from first position wanted
   * @returns the JSON of up to `max` durable entries from there, fewer at the end of a segment; none when they are gone
   */
  async read(from: number, max: number): Promise<readonly string[]> {
    return this.#recent.read(from, max) ?? (await this.#segments.read(from, max));
  }

  /** Everything up to this position is stored elsewhere; what is no longer needed is removed. */
  async acknowledge(position: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(position, this.last));
    this.#recent.forgetTo(this.#acknowledged);
    await this.#segments.trim(() => this.#neededFrom());
  }

  /**
   * Empties the folder, so that what is written to it later is another spool. Only when everything is acknowledged,
   * and before `close`, while nobody else looks into it.
   * @throws SpoolLostError when it is another process's
   */
  async clear(): Promise<void> {
    await clearSpoolFolder(this.#options.folder, () => {
      this.#lock.verify();
    });
  }

  /**
   * A decision without an outcome stays, so that a restart can still close it; unless the spool fills up,
   * for then the writer's own deadline closes it.
   */
  #neededFrom(): number {
    const next = this.#acknowledged + 1;
    if (this.bytes > this.#options.maxBytes / 2) return next;
    // Positions rise in the order of insertion, so the first one is the lowest.
    const [oldest] = this.#unfinished.values();
    return Math.min(next, oldest?.position ?? next);
  }

  /** Writes what waits, then closes. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#flushNow();
    await this.#flushing;
    await this.#segments.close();
    await this.#lock.release();
  }

  readonly #flushNow = (): void => {
    this.#isUrgent = true;
    this.#flushing ??= this.#flush();
  };

  async #flush(): Promise<void> {
    // Lets everything that was appended in this turn of the loop share the write.
    await Promise.resolve();
    while (this.#isUrgent && this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      this.#isUrgent = false;
      clearTimeout(this.#linger);
      this.#linger = undefined;
      try {
        await this.#write(batch);
      } catch (error) {
        this.#brokenUntil = this.#options.now() + BROKEN_MS;
        for (const { failed } of batch) failed(error);
        continue;
      }
      this.#brokenUntil = 0;
      for (const { done } of batch) done();
      this.#listener();
    }
    // In the same turn as the last look at what waits, so that no append falls between.
    this.#flushing = undefined;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const first = await this.#segments.append(batch.map(({ json }) => json));
    for (const [index, { entry, json }] of batch.entries()) {
      if (entry.type === 'decision')
        this.#unfinished.set(entry.id, { position: first + index, ts: entry.ts });
      else this.#unfinished.delete(entry.id);
      this.#recent.add(json);
    }
  }
}
