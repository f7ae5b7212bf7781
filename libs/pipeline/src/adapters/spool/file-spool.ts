import { constants } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { MAX_AUDIT_ENTRY_BYTES, type SpoolEntry } from '@behavry/contracts';
import type { AuditSpool } from '../../ports/ports';
import { RecentEntries } from './recent-entries';
import { readOrMakeSpoolId, segmentFile, syncFolder } from './spool-folder';
import { decodeSegment, encodeLine } from './spool-line';
import { processSpace, SpoolLock } from './spool-lock';
import {
  abortedOutcome,
  recoverSegments,
  type Recovered,
  type Segment,
  type SpoolDamage,
  type Unfinished,
} from './spool-recovery';

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
/** A write returns when its content is on stable storage: one call where `write` and `fdatasync` were two. */
const DURABLE_APPEND = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | constants.O_DSYNC;

/**
 * An append-only spool in a folder of its own. Appends that come together share one durable write; nothing lingers
 * when there is nothing to wait for. Entries have contiguous positions from 1 that survive restarts, and stay until
 * they are acknowledged. An entry is turned into JSON once, and goes on as that text.
 */
export class FileSpool implements AuditSpool {
  readonly #options: FileSpoolOptions;
  readonly #id: string;
  readonly #segments: Segment[];
  readonly #unfinished: Map<string, Unfinished>;
  #lock: SpoolLock | undefined;
  #handle: FileHandle;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  /** Whether something waits that somebody waits for. */
  #isUrgent = false;
  #linger: NodeJS.Timeout | undefined;
  #brokenUntil = 0;
  /** Whether the end of the active segment holds what nobody was promised. */
  #isTorn = false;
  #acknowledged = 0;
  readonly #recent: RecentEntries;
  #listener: () => void = () => undefined;
  #isClosed = false;

  private constructor(options: FileSpoolOptions, id: string, found: Recovered, handle: FileHandle) {
    this.#options = options;
    this.#id = id;
    this.#segments = found.segments;
    this.#handle = handle;
    this.#unfinished = found.unfinished;
    this.#recent = new RecentEntries(this.last + 1);
  }

  /**
   * Opens a folder, takes over what a dead process left, and closes its unfinished exchanges: every
   * decision without an outcome gets `aborted`, `process_restarted`.
   * @throws SpoolLockedError when another process has it open
   */
  static async open(options: FileSpoolOptions): Promise<FileSpool> {
    const { folder, makeId, now, pid, space = processSpace(), lockWatchMs: watchMs = 4_000 } = options;
    let lose = (): void => undefined;
    const lock = await SpoolLock.take(folder, {
      pid,
      space,
      watchMs,
      onLost: () => {
        lose();
      },
    });
    const id = await readOrMakeSpoolId(folder, makeId);
    const found = await recoverSegments(folder, () => ({
      type: 'lost',
      id: makeId(),
      ts: new Date(now()).toISOString(),
    }));
    for (const damage of found.damage) options.onDamage?.(damage);
    if (found.segments.length === 0) found.segments.push({ first: 1, count: 0, bytes: 0 });
    const active = found.segments.at(-1)?.first ?? 1;
    const handle = await open(segmentFile(folder, active), DURABLE_APPEND, 0o600);
    await syncFolder(folder);
    const left = [...found.unfinished];
    const spool = new FileSpool(options, id, found, handle);
    spool.#lock = lock;
    lose = () => {
      spool.#isClosed = true;
      options.onLost?.();
    };
    await Promise.all(left.map(([key, { ts }]) => spool.append(abortedOutcome(key, ts, now()))));
    return spool;
  }

  get id(): string {
    return this.#id;
  }

  /** Position of the last durable entry; 0 before the first. */
  get last(): number {
    const active = this.#segments.at(-1);
    return active ? active.first + active.count - 1 : 0;
  }

  /** Position of the oldest entry that is still there. */
  get oldest(): number {
    return this.#segments[0]?.first ?? 1;
  }

  /** Entries that nobody has acknowledged yet. */
  get backlog(): number {
    return this.last - Math.max(this.#acknowledged, this.oldest - 1);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  get isFull(): boolean {
    return this.#isClosed || this.bytes >= this.#options.maxBytes || this.#options.now() < this.#brokenUntil;
  }

  /** @param listener called after entries became durable */
  onDurable(listener: () => void): void {
    this.#listener = listener;
  }

  /** @throws EntryTooLargeError, and what writing throws */
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
    const recent = this.#recent.read(from, max);
    if (recent) return recent;
    const segment = this.#segments.find((one) => from >= one.first && from < one.first + one.count);
    if (!segment) return [];
    const { lines } = decodeSegment(await readFile(segmentFile(this.#options.folder, segment.first)));
    const end = Math.min(segment.count, from - segment.first + max);
    return lines.slice(from - segment.first, end).map(({ json }) => json);
  }

  /** Everything up to this position is stored elsewhere; what is no longer needed is removed. */
  async acknowledge(position: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(position, this.last));
    this.#recent.forgetTo(this.#acknowledged);
    const needed = this.#neededFrom();
    while (this.#segments.length > 1) {
      const [oldest] = this.#segments;
      if (!oldest || oldest.first + oldest.count > needed) return;
      this.#segments.shift();
      await rm(segmentFile(this.#options.folder, oldest.first), { force: true });
    }
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
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#flushNow();
    await this.#flushing;
    const lock = this.#lock;
    this.#lock = undefined;
    if (lock === undefined) return;
    await this.#handle.close();
    await lock.release();
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
    const active = await this.#activeSegment();
    const next = active.first + active.count;
    const lines = batch.map(({ json }, index) => encodeLine(next + index, json));
    const data = Buffer.from(lines.join(''), 'utf8');
    try {
      for (let written = 0; written < data.length;)
        written += (await this.#handle.write(data, written)).bytesWritten;
    } catch (error) {
      // Half a batch on disk would be taken for entries that nobody was promised.
      await this.#handle.truncate(active.bytes).catch(() => (this.#isTorn = true));
      throw error;
    }
    active.bytes += data.length;
    for (const { entry, json } of batch) {
      const position = active.first + active.count++;
      if (entry.type === 'decision') this.#unfinished.set(entry.id, { position, ts: entry.ts });
      else this.#unfinished.delete(entry.id);
      this.#recent.add(json);
    }
  }

  /** Behind a torn end nothing is written: the next segment's first position says where this one really ends. */
  async #activeSegment(): Promise<Segment> {
    const active = this.#segments.at(-1);
    if (active && active.bytes < this.#options.segmentBytes && !this.#isTorn) return active;
    const next = { first: this.last + 1, count: 0, bytes: 0 };
    // Of the same name when the torn one holds nothing that was promised; then it begins anew.
    const handle = await open(
      segmentFile(this.#options.folder, next.first),
      DURABLE_APPEND | constants.O_TRUNC,
      0o600,
    );
    await syncFolder(this.#options.folder);
    await this.#handle.close();
    this.#handle = handle;
    this.#isTorn = false;
    if (active?.count === 0) this.#segments.pop();
    this.#segments.push(next);
    return next;
  }
}
