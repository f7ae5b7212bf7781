import type { Finding } from '@behavry/contracts';
import type { CompiledPattern, PatternSet } from './pattern-set';

/** How a text is cut into windows; the result depends on these figures and on nothing else. */
export interface ScanWindows {
  /** Distance between the starts of two windows, in UTF-16 code units. */
  readonly step: number;
  /** Longest match that is surely found, in UTF-16 code units. */
  readonly maxMatch: number;
}

export const SCAN_WINDOWS: ScanWindows = { step: 12_288, maxMatch: 4_096 };

/** More findings of one pattern than this in one text add nothing but cost. */
export const MAX_FINDINGS_PER_PATTERN = 100;

// A text made to be rejected by a validator over and over is taken at its pattern's word.
const MAX_REJECTED_PER_PATTERN = 1_000;

interface Progress {
  resumeAt: number;
  count: number;
  rejected: number;
}

/**
 * Scans one text that arrives in pieces. Windows lie on a fixed grid of the whole text, so the
 * findings are those of the unsplit text for every way of splitting it, and at most one window of
 * text is kept.
 */
export class TextScanner {
  readonly #patterns: PatternSet;
  readonly #windows: ScanWindows;
  readonly #field: string;
  readonly #progress = new Map<string, Progress>();
  // Text from #base on is kept; everything before #decided has been searched for starts of matches.
  #text = '';
  #base = 0;
  #decided = 0;

  /** @param field what findings say about where the text stood */
  constructor(patterns: PatternSet, field = '', windows: ScanWindows = SCAN_WINDOWS) {
    this.#patterns = patterns;
    this.#field = field;
    this.#windows = windows;
  }

  /** No match that is still unknown starts before this position of the whole text. */
  get decided(): number {
    return this.#decided;
  }

  /**
   * @param chunk the next piece
   * @returns findings that became certain
   */
  push(chunk: string): readonly Finding[] {
    this.#text += chunk;
    const found: Finding[] = [];
    const { step, maxMatch } = this.#windows;
    while (this.#base + this.#text.length >= this.#decided + step + maxMatch) this.#searchWindow(found);
    return found;
  }

  /** @returns the findings that only the end of the text makes certain */
  end(): readonly Finding[] {
    const found: Finding[] = [];
    while (this.#base + this.#text.length > this.#decided) this.#searchWindow(found);
    return found;
  }

  #searchWindow(found: Finding[]): void {
    const { step, maxMatch } = this.#windows;
    const from = this.#decided - this.#base;
    // One character before the window lets word boundaries see what they border on.
    const window = this.#text.slice(Math.max(0, from - 1), from + step + maxMatch);
    const offset = this.#base + Math.max(0, from - 1);
    for (const pattern of this.#patterns.candidates(window)) {
      this.#searchPattern(pattern, window, offset, found);
    }
    this.#decided += step;
    const keepFrom = Math.min(this.#text.length, this.#decided - 1 - this.#base);
    this.#text = this.#text.slice(keepFrom);
    this.#base += keepFrom;
  }

  #searchPattern(pattern: CompiledPattern, window: string, offset: number, found: Finding[]): void {
    const progress = this.#progress.get(pattern.id) ?? { resumeAt: 0, count: 0, rejected: 0 };
    this.#progress.set(pattern.id, progress);
    const lastStart = this.#decided + this.#windows.step;
    const matcher = pattern.regex.matcher(window);
    let position = Math.max(this.#decided, progress.resumeAt) - offset;
    while (progress.count < MAX_FINDINGS_PER_PATTERN && position < window.length && matcher.find(position)) {
      const start = offset + matcher.start();
      const end = offset + matcher.end();
      if (start >= lastStart) return;
      const accepted =
        progress.rejected >= MAX_REJECTED_PER_PATTERN ||
        pattern.accepts(window.slice(start - offset, end - offset));
      if (!accepted) {
        progress.rejected++;
        // What the validator refuses may still hold a shorter match that it accepts.
        position = start + 1 - offset;
        continue;
      }
      position = end - offset;
      progress.resumeAt = end;
      progress.count++;
      found.push({ pattern: pattern.id, severity: pattern.severity, field: this.#field, span: [start, end] });
    }
  }
}

/** Scans a whole text. */
export function scanText(
  text: string,
  patterns: PatternSet,
  field = '',
  windows: ScanWindows = SCAN_WINDOWS,
): readonly Finding[] {
  if (text.length <= windows.step && patterns.candidates(text).length === 0) return [];
  const scanner = new TextScanner(patterns, field, windows);
  return [...scanner.push(text), ...scanner.end()].sort(byPlace);
}

/** Order of findings in one text: by place, then by pattern. */
export function byPlace(a: Finding, b: Finding): number {
  return a.span[0] - b.span[0] || a.span[1] - b.span[1] || (a.pattern < b.pattern ? -1 : 1);
}
