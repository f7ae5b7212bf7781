import { open, readFile, rm, stat, truncate, type FileHandle } from 'node:fs/promises';
import type { DecisionEntry, OutcomeEntry, SpoolEntry } from '@behavry/contracts';
import type { AuditSpool } from '../ports/ports';
import { decodeSegment, encodeLine } from './spool-line';
import {
  listSegments,
  lockFolder,
  readOrMakeSpoolId,
  segmentFile,
  syncFolder,
  unlockFolder,
} from './spool-folder';

export interface FileSpoolOptions {
  readonly folder: string;
  /** New exchanges are refused once so much waits to be acknowledged. */
  readonly maxBytes: number;
  /** A segment is closed at this size; trimming removes whole segments. */
  readonly segmentBytes: number;
  readonly now: () => number;
  readonly makeId: () => string;
  readonly pid: number;
}

interface Segment {
  readonly first: number;
  count: number;
  bytes: number;
}

interface Waiting {
  readonly entry: SpoolEntry;
  readonly line: string;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/** After a failed write new exchanges are refused for this long, then one may try. */
const BROKEN_MS = 1_000;
/** Entries kept in memory so that sending does not read the disk. */
const MAX_REMEMBERED = 20_000;

/**
 * An append-only spool in a folder of its own. Appends that come together share one write and one
 * `fdatasync`; nothing lingers when there is nothing to wait for. Entries have contiguous positions
 * from 1 that survive restarts, and stay until they are acknowledged.
 */
export class FileSpool implements AuditSpool {
  readonly #options: FileSpoolOptions;
  readonly #id: string;
  readonly #segments: Segment[];
  readonly #unfinished: Map<string, { readonly position: number; readonly entry: DecisionEntry }>;
  #handle: FileHandle;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #brokenUntil = 0;
  #acknowledged = 0;
  #remembered: { first: number; entries: SpoolEntry[] };
  #listener: () => void = () => undefined;
  #isClosed = false;

  private constructor(options: FileSpoolOptions, id: string, segments: Segment[], handle: FileHandle) {
    this.#options = options;
    this.#id = id;
    this.#segments = segments;
    this.#handle = handle;
    this.#unfinished = new Map();
    this.#remembered = { first: this.last + 1, entries: [] };
  }

  /**
   * Opens a folder, takes over what a dead process left, and closes its unfinished exchanges: every
   * decision without an outcome gets `aborted`, `process_restarted`.
   * @throws SpoolLockedError when another process has it open
   */
  static async open(options: FileSpoolOptions): Promise<FileSpool> {
    const { folder } = options;
    await lockFolder(folder, options.pid);
    const id = await readOrMakeSpoolId(folder, options.makeId);
    const segments: Segment[] = [];
    const left = new Map<string, { position: number; entry: DecisionEntry }>();
    for (const first of await listSegments(folder)) {
      const file = segmentFile(folder, first);
      const { entries, goodBytes } = decodeSegment(await readFile(file));
      if ((await stat(file)).size > goodBytes) await truncate(file, goodBytes);
      entries.forEach((entry, index) => {
        if (entry.type === 'decision') left.set(entry.id, { position: first + index, entry });
        else left.delete(entry.id);
      });
      segments.push({ first, count: entries.length, bytes: goodBytes });
    }
    if (segments.length === 0) segments.push({ first: 1, count: 0, bytes: 0 });
    const active = segments.at(-1)?.first ?? 1;
    const handle = await open(segmentFile(folder, active), 'a', 0o600);
    await syncFolder(folder);
    const spool = new FileSpool(options, id, segments, handle);
    for (const [key, value] of left) spool.#unfinished.set(key, value);
    await Promise.all(
      [...left.values()].map(({ entry }) => spool.append(abortedOutcome(entry, options.now()))),
    );
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

  append(entry: SpoolEntry): Promise<void> {
    if (this.#isClosed) return Promise.reject(new Error('the spool is closed'));
    return new Promise((done, failed) => {
      this.#waiting.push({ entry, line: encodeLine(JSON.stringify(entry)), done, failed });
      this.#flushing ??= this.#flush();
    });
  }

  /**
   * @param from first position wanted
   * @returns up to `max` durable entries from there, fewer at the end of a segment; none when they are gone
   */
  async read(from: number, max: number): Promise<readonly SpoolEntry[]> {
    const { first, entries } = this.#remembered;
    if (from >= first) return entries.slice(from - first, from - first + max);
    const segment = this.#segments.find((one) => from >= one.first && from < one.first + one.count);
    if (!segment) return [];
    const content = decodeSegment(await readFile(segmentFile(this.#options.folder, segment.first)));
    return content.entries.slice(from - segment.first, Math.min(segment.count, from - segment.first + max));
  }

  /** Everything up to this position is stored elsewhere; what is no longer needed is removed. */
  async acknowledge(position: number): Promise<void> {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(position, this.last));
    const forgotten = this.#acknowledged + 1 - this.#remembered.first;
    if (forgotten > 0) {
      this.#remembered.entries.splice(0, forgotten);
      this.#remembered.first += forgotten;
    }
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
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    await this.#handle.close();
    await unlockFolder(this.#options.folder);
  }

  async #flush(): Promise<void> {
    // Lets everything that was appended in this turn of the loop share the write.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
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
    const data = Buffer.from(batch.map(({ line }) => line).join(''), 'utf8');
    try {
      let written = 0;
      while (written < data.length) {
        const { bytesWritten } = await this.#handle.write(data, written);
        written += bytesWritten;
      }
      await this.#handle.datasync();
    } catch (error) {
      // Half a batch on disk would be taken for entries that nobody was promised.
      await this.#handle.truncate(active.bytes).catch(() => undefined);
      throw error;
    }
    active.bytes += data.length;
    for (const { entry } of batch) this.#remember(entry, active.first + active.count++);
  }

  #remember(entry: SpoolEntry, position: number): void {
    if (entry.type === 'decision') this.#unfinished.set(entry.id, { position, entry });
    else this.#unfinished.delete(entry.id);
    this.#remembered.entries.push(entry);
    if (this.#remembered.entries.length > MAX_REMEMBERED) {
      const surplus = this.#remembered.entries.length - MAX_REMEMBERED / 2;
      this.#remembered.entries.splice(0, surplus);
      this.#remembered.first += surplus;
    }
  }

  async #activeSegment(): Promise<Segment> {
    const active = this.#segments.at(-1);
    if (active && active.bytes < this.#options.segmentBytes) return active;
    const next = { first: this.last + 1, count: 0, bytes: 0 };
    const handle = await open(segmentFile(this.#options.folder, next.first), 'a', 0o600);
    await syncFolder(this.#options.folder);
    await this.#handle.close();
    this.#handle = handle;
    this.#segments.push(next);
    return next;
  }
}

function abortedOutcome(entry: DecisionEntry, now: number): OutcomeEntry {
  return {
    type: 'outcome',
    id: entry.id,
    ts: new Date(now).toISOString(),
    outcome: 'aborted',
    response_code: null,
    latency_ms: Math.max(0, now - Date.parse(entry.ts)),
    error: 'process_restarted',
    dlp_findings: [],
    dlp_action: 'none',
    extra: {},
  };
}
