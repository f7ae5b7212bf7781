import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ABANDONED_OUTCOME, type LostEntry, type OutcomeEntry, type SpoolEntry } from '@behavry/contracts';
import { listSegments, replaceFile, segmentFile } from './spool-folder';
import { decodeSegment, encodeLine, type SpoolLine } from './spool-line';

/** A run of positions in one file. */
export interface Segment {
  readonly first: number;
  count: number;
  bytes: number;
}

/** Durable entries that can no longer be read. */
export interface SpoolDamage {
  /** Where the file that held them lies now. */
  readonly setAside: string;
  readonly positions: readonly number[];
}

/** A decision that waits for its outcome. */
export interface Unfinished {
  readonly position: number;
  /** RFC 3339. */
  readonly ts: string;
}

export interface Recovered {
  readonly segments: Segment[];
  /** By decision id, in the order of their positions. */
  readonly unfinished: Map<string, Unfinished>;
  readonly damage: readonly SpoolDamage[];
}

/**
 * Reads what a process left in a spool folder. A torn end is cut off: nobody was promised it. Where entries that were
 * promised cannot be read, the file is kept under `rejected/` and each of them is replaced by an entry that says so,
 * so that what stands before and behind keeps its position.
 *
 * The last file is put in place anew: whoever wrote to it may be frozen, not dead, and what it still writes or cuts
 * off must not reach what was read here.
 * @param makeLost makes such an entry
 */
export async function recoverSegments(folder: string, makeLost: () => LostEntry): Promise<Recovered> {
  const firsts = await listSegments(folder);
  const segments: Segment[] = [];
  const unfinished = new Map<string, Unfinished>();
  const damage: SpoolDamage[] = [];
  for (const [index, first] of firsts.entries()) {
    const file = segmentFile(folder, first);
    const content = await readFile(file);
    const { lines, isDamaged } = decodeSegment(content);
    // What lies beyond the beginning of the next file was written by a batch that failed.
    const end = firsts[index + 1] ?? (lines.at(-1)?.position ?? first - 1) + 1;
    const own = lines.filter(({ position }) => position >= first && position < end);
    const lost = missing(own, first, end);
    let bytes = own.at(-1)?.end ?? 0;
    if (isDamaged || lost.length > 0) {
      const setAside = await keepAside(folder, file);
      const replaced = lost.map((position): SpoolLine => ({
        position,
        json: JSON.stringify(makeLost()),
        end: 0,
      }));
      own.push(...replaced);
      own.sort((a, b) => a.position - b.position);
      const text = own.map(({ position, json }) => encodeLine(position, json)).join('');
      await replaceFile(folder, file, text);
      bytes = Buffer.byteLength(text);
      damage.push({ setAside, positions: lost });
    } else if (content.length > bytes || index === firsts.length - 1)
      await replaceFile(folder, file, content.subarray(0, bytes));
    for (const { position, json } of own) note(unfinished, position, JSON.parse(json) as SpoolEntry);
    segments.push({ first, count: end - first, bytes });
  }
  return { segments, unfinished, damage };
}

function note(unfinished: Map<string, Unfinished>, position: number, entry: SpoolEntry): void {
  if (entry.type === 'decision') unfinished.set(entry.id, { position, ts: entry.ts });
  else unfinished.delete(entry.id);
}

function missing(lines: readonly SpoolLine[], first: number, end: number): readonly number[] {
  const present = new Set(lines.map(({ position }) => position));
  const positions: number[] = [];
  for (let position = first; position < end; position++) if (!present.has(position)) positions.push(position);
  return positions;
}

async function keepAside(folder: string, file: string): Promise<string> {
  const rejected = join(folder, 'rejected');
  await mkdir(rejected, { recursive: true, mode: 0o700 });
  const kept = join(rejected, `${basename(file)}.${String(Date.now())}`);
  await copyFile(file, kept);
  return kept;
}

/** @returns what became of a decision whose process died before it knew */
export function abortedOutcome(id: string, decidedAt: string, now: number): OutcomeEntry {
  return {
    ...ABANDONED_OUTCOME,
    type: 'outcome',
    id,
    ts: new Date(now).toISOString(),
    latency_ms: Math.max(0, now - Date.parse(decidedAt)),
  };
}
