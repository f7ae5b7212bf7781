import type { Finding } from '@behavry/contracts';
import type { PatternSet } from './pattern-set';
import { byPlace, scanText, SCAN_WINDOWS, type ScanWindows } from './text-scanner';

/** Where a text stands in a JSON value; pointers are written only when something is found. */
interface Place {
  readonly parent: Place | undefined;
  readonly key: string;
}

/** A text to scan. A member's name is put before its value, so that patterns see what it is called. */
interface Segment {
  readonly text: string;
  readonly place: Place | undefined;
  /** Where the value begins in `text`: 0 for an item of a list, behind `name=` for a member. */
  readonly valueAt: number;
}

const SEPARATOR = '\n';
const TILDE_OR_SLASH = /[~/]/g;

/**
 * Scans the strings of a JSON value, its member names and its long numbers.
 *
 * A finding's `field` is the JSON pointer (RFC 6901) of the string; for a finding inside a member's
 * name it is the pointer of that member followed by `#`.
 */
export function scanJson(
  value: unknown,
  patterns: PatternSet,
  windows: ScanWindows = SCAN_WINDOWS,
): readonly Finding[] {
  const segments: Segment[] = [];
  collect(value, undefined, '', segments);
  // One pass over everything decides whether a closer look is needed at all.
  const joined = segments.map(({ text }) => text).join(SEPARATOR);
  if (patterns.candidates(joined).length === 0) return [];
  return segments.flatMap((segment) => scanSegment(segment, patterns, windows));
}

function collect(value: unknown, place: Place | undefined, name: string, segments: Segment[]): void {
  if (typeof value === 'string' || isLongNumber(value)) {
    const text = String(value);
    if (name === '') segments.push({ text, place, valueAt: 0 });
    else segments.push({ text: `${name}=${text}`, place, valueAt: name.length + 1 });
    return;
  }
  if (name !== '') segments.push({ text: name, place, valueAt: name.length });
  if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      collect(item, { parent: place, key: String(index) }, '', segments);
    });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) collect(member, { parent: place, key }, key, segments);
  }
}

/** Numbers long enough to be an account or card number. */
function isLongNumber(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) >= 1e8;
}

function scanSegment(segment: Segment, patterns: PatternSet, windows: ScanWindows): readonly Finding[] {
  const found = scanText(segment.text, patterns, '', windows);
  if (found.length === 0) return found;
  const pointer = pointerOf(segment.place);
  const { valueAt } = segment;
  return found
    .map((finding): Finding => {
      const [start, end] = finding.span;
      if (end <= valueAt) return { ...finding, field: `${pointer}#`, span: [start, Math.min(end, valueAt)] };
      return { ...finding, field: pointer, span: [Math.max(0, start - valueAt), end - valueAt] };
    })
    .sort(byPlace);
}

function pointerOf(place: Place | undefined): string {
  let pointer = '';
  for (let current = place; current; current = current.parent) {
    pointer = `/${escapePointer(current.key)}${pointer}`;
  }
  return pointer;
}

/** @returns a reference token of a JSON pointer (RFC 6901 §3) */
export function escapePointer(key: string): string {
  return key.replace(TILDE_OR_SLASH, (character) => (character === '~' ? '~0' : '~1'));
}
