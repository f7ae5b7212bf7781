import { constants } from 'node:fs';
import { open, readFile, rm, type FileHandle } from 'node:fs/promises';
import { segmentFile, syncFolder } from './spool-folder';
import { decodeSegment, encodeLine } from './spool-line';
import { SpoolLostError, type SpoolLock } from './spool-lock';
import type { Segment } from './spool-recovery';

export interface SpoolSegmentsOptions {
  readonly folder: string;
  /** A segment is closed at this size. */
  readonly segmentBytes: number;
  readonly lock: SpoolLock;
}

/** A write returns when its content is on stable storage: one call where `write` and `fdatasync` were two. */
const DURABLE_APPEND = constants.O_APPEND | constants.O_WRONLY | constants.O_DSYNC;

/**
 * The segments of one spool; the last is written to. What another process may have open is never written to, and a
 * file is only ever made under a name that nobody has: a process that was frozen meets an error instead of the files
 * of whoever took its folder.
 */
export class SpoolSegments {
  /** Whether the end of the active segment holds what nobody was promised. */
  #isTorn = false;
  /** Whether the active segment's name is on stable storage. */
  #isNamed = false;

  private constructor(
    private readonly options: SpoolSegmentsOptions,
    private readonly segments: Segment[],
    private handle: FileHandle,
  ) {}

  /** Begins a new segment behind those that were found, which nobody else has open when it holds nothing. */
  static async begin(options: SpoolSegmentsOptions, found: readonly Segment[]): Promise<SpoolSegments> {
    const last = found.at(-1);
    const empty = last?.count === 0 ? last : undefined;
    const active = empty ?? { first: last ? last.first + last.count : 1, count: 0, bytes: 0 };
    const handle = await openSegment(options.folder, active.first, empty !== undefined);
    return new SpoolSegments(options, empty ? [...found] : [...found, active], handle);
  }

  /** Position of the last durable entry; 0 before the first. */
  get last(): number {
    const active = this.segments.at(-1);
    return active ? active.first + active.count - 1 : 0;
  }

  /** Position of the oldest entry that is still there. */
  get oldest(): number {
    return this.segments[0]?.first ?? 1;
  }

  get bytes(): number {
    return this.segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /**
   * Writes entries behind the last one; they are durable, and their next reader's, when this returns.
   * @returns the position of the first
   * @throws SpoolLostError when another process took the folder: it may have what was written, or not
   */
  async append(texts: readonly string[]): Promise<number> {
    const { lock } = this.options;
    if (lock.isLost) throw new SpoolLostError();
    const active = await this.#activeSegment();
    const next = active.first + active.count;
    const data = Buffer.from(texts.map((json, index) => encodeLine(next + index, json)).join(''), 'utf8');
    try {
      for (let written = 0; written < data.length;)
        written += (await this.handle.write(data, written)).bytesWritten;
    } catch (error) {
      // Half a batch on disk would be taken for entries that nobody was promised.
      await this.handle.truncate(active.bytes).catch(() => (this.#isTorn = true));
      throw error;
    }
    // Whoever takes the folder from here on reads what was just written; whoever took it before may not have.
    lock.verify();
    active.bytes += data.length;
    active.count += texts.length;
    return next;
  }

  /** @returns up to `max` texts from a position on, fewer at the end of a segment; none when they are gone */
  async read(from: number, max: number): Promise<readonly string[]> {
    const segment = this.segments.find((one) => from >= one.first && from < one.first + one.count);
    if (!segment) return [];
    const { lines } = decodeSegment(await readFile(segmentFile(this.options.folder, segment.first)));
    const end = Math.min(segment.first + segment.count, from + max);
    const texts: string[] = [];
    // By what a line says of itself, not by its place in the file.
    for (const { position, json } of lines)
      if (position === from + texts.length && position < end) texts.push(json);
    return texts;
  }

  /**
   * Removes segments that are not needed any more, never the last: its name says which position comes next.
   * @param neededFrom the first position that is
   */
  async trim(neededFrom: () => number): Promise<void> {
    while (this.segments.length > 1) {
      const [oldest] = this.segments;
      if (!oldest || oldest.first + oldest.count > neededFrom()) return;
      this.options.lock.verify();
      this.segments.shift();
      await rm(segmentFile(this.options.folder, oldest.first), { force: true });
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  /** Behind a torn end nothing is written: the next segment's first position says where this one really ends. */
  async #activeSegment(): Promise<Segment> {
    let active = this.segments.at(-1);
    if (!active || active.bytes >= this.options.segmentBytes || (this.#isTorn && active.count > 0))
      active = await this.#beginNext();
    if (this.#isTorn) {
      // It holds nothing that was promised, and the next one would have its name.
      await this.handle.truncate(0);
      this.#isTorn = false;
    }
    if (!this.#isNamed) {
      await syncFolder(this.options.folder);
      this.#isNamed = true;
    }
    return active;
  }

  async #beginNext(): Promise<Segment> {
    // Where another process wrote on and trimmed, the name is free again.
    this.options.lock.verify();
    const next = { first: this.last + 1, count: 0, bytes: 0 };
    const before = this.handle;
    try {
      this.handle = await openSegment(this.options.folder, next.first, false);
    } catch (error) {
      this.options.lock.verify(); // it is there when another process was first: say so
      throw error;
    }
    this.segments.push(next);
    this.#isTorn = false;
    this.#isNamed = false;
    await before.close();
    return next;
  }
}

function openSegment(folder: string, first: number, isThere: boolean): Promise<FileHandle> {
  const how = isThere ? DURABLE_APPEND : DURABLE_APPEND | constants.O_CREAT | constants.O_EXCL;
  return open(segmentFile(folder, first), how, 0o600);
}
