import type { Finding } from '@behavry/contracts';
import type { PatternSet } from '@behavry/domain';
import { isWord, PatternAutomaton, type StepSink } from './pattern-automaton';

// The same bounds as for whole texts (domain, text scanner).
const MAX_FINDINGS_PER_PATTERN = 100;
const MAX_REJECTED_PER_PATTERN = 1_000;

/** Longest match that is surely found, in UTF-16 code units. */
const MAX_MATCH = 4_096;
/** How far back a match that still grows may begin. */
const MAX_LIVE = 2 * MAX_MATCH;
/** Where that is looked at: places of the whole text, whatever its pieces. */
const LOOK_EVERY = 1_024;

interface Progress {
  resumeAt: number;
  count: number;
  rejected: number;
  /** Where the latest match ended that the automaton saw; -1 before the first. */
  seenAt: number;
}

const AUTOMATA = new WeakMap<PatternSet, PatternAutomaton>();

/**
 * Scans a text that arrives in pieces and says as early as possible what of it is decided: everything
 * before the first place where a match may still be growing. Findings are those of the unsplit text for
 * every way of splitting it. No character is read twice, except around a match.
 */
export class LiveTextScanner {
  readonly #patterns: PatternSet;
  readonly #automaton: PatternAutomaton;
  readonly #field: string;
  readonly #progress = new Map<number, Progress>();
  // States of matches that have begun, earliest start first, and where each began.
  #states: number[] = [];
  #startsAt: number[] = [];
  #nextStates: number[] = [];
  #nextStartsAt: number[] = [];
  #isWordBefore = false;
  #position = 0;
  #decided = 0;
  // Text from #base on is kept: what is not decided, and one character before it.
  #text = '';
  #base = 0;

  /** @param field what findings say about where the text stood */
  constructor(patterns: PatternSet, field = '') {
    this.#patterns = patterns;
    this.#field = field;
    let automaton = AUTOMATA.get(patterns);
    if (!automaton) AUTOMATA.set(patterns, (automaton = new PatternAutomaton(patterns)));
    this.#automaton = automaton;
  }

  /** Everything before this position of the whole text is known and may be released. */
  get decided(): number {
    return this.#decided;
  }

  /**
   * @param chunk the next piece, of whole code points
   * @returns findings that became certain, by place
   */
  push(chunk: string): readonly Finding[] {
    this.#text += chunk;
    const found: Finding[] = [];
    for (const character of chunk) {
      const rune = character.codePointAt(0) ?? 0;
      this.#stepAll(rune);
      const before = this.#position;
      this.#position += character.length;
      if (Math.floor(before / LOOK_EVERY) !== Math.floor(this.#position / LOOK_EVERY))
        this.#dropOverlong(found);
    }
    this.#settle(this.#startsAt[0] ?? this.#position, found);
    return found;
  }

  /** @returns the findings that only the end of the text makes certain */
  end(): readonly Finding[] {
    this.#stepAll(undefined);
    const found: Finding[] = [];
    this.#settle(this.#position, found);
    return found;
  }

  #stepAll(rune: number | undefined): void {
    const around = { isWordBefore: this.#isWordBefore, isWordAfter: rune !== undefined && isWord(rune) };
    const begun = rune === undefined ? [] : this.#automaton.begin(rune, this.#isWordBefore);
    let startedAt = 0;
    const sink: StepSink = {
      advance: (state) => {
        this.#nextStates.push(state);
        this.#nextStartsAt.push(startedAt);
      },
      match: (pattern) => {
        this.#progressOf(pattern).seenAt = this.#position;
      },
    };
    this.#automaton.nextPosition();
    for (let index = 0; index < this.#states.length; index++) {
      startedAt = this.#startsAt[index] ?? 0;
      this.#automaton.step(this.#states[index] ?? 0, rune, around, sink);
    }
    startedAt = this.#position;
    for (const state of begun) sink.advance(state);
    [this.#states, this.#nextStates] = [this.#nextStates, this.#states];
    [this.#startsAt, this.#nextStartsAt] = [this.#nextStartsAt, this.#startsAt];
    this.#nextStates.length = 0;
    this.#nextStartsAt.length = 0;
    this.#isWordBefore = around.isWordAfter;
  }

  /** A match that grows without end is taken as it is, so that what is kept stays bounded. */
  #dropOverlong(found: Finding[]): void {
    const earliest = this.#startsAt[0];
    if (earliest === undefined || this.#position - earliest <= MAX_LIVE) return;
    const limit = this.#position - MAX_MATCH;
    const kept = this.#startsAt.findIndex((start) => start >= limit);
    const dropped = kept < 0 ? this.#startsAt.length : kept;
    // What was dropped may have been a match already; the search below finds out.
    for (let pattern = 0; pattern < this.#patterns.patterns.length; pattern++) {
      this.#progressOf(pattern).seenAt = this.#position;
    }
    this.#states.splice(0, dropped);
    this.#startsAt.splice(0, dropped);
    this.#settle(Math.max(limit, this.#startsAt[0] ?? this.#position), found, this.#position);
  }

  /** Searches what has become decided, and forgets it. */
  #settle(decided: number, found: Finding[], textEnd = this.#base + this.#text.length): void {
    if (decided <= this.#decided) return;
    const fresh: Finding[] = [];
    const text = this.#text.slice(0, textEnd - this.#base);
    for (const [pattern, progress] of this.#progress) {
      // Every match that begins in what is decided now has ended behind what was decided before.
      if (progress.seenAt < this.#decided) continue;
      this.#search(pattern, progress, text, decided, fresh);
    }
    found.push(...fresh.sort(byPlace));
    this.#decided = decided;
    const keepFrom = Math.max(0, decided - 1 - this.#base);
    this.#text = this.#text.slice(keepFrom);
    this.#base += keepFrom;
  }

  #search(index: number, progress: Progress, text: string, decided: number, found: Finding[]): void {
    const pattern = this.#patterns.patterns[index];
    if (!pattern) return;
    const matcher = pattern.regex.matcher(text);
    let position = Math.max(this.#decided, progress.resumeAt) - this.#base;
    while (progress.count < MAX_FINDINGS_PER_PATTERN && position < text.length && matcher.find(position)) {
      const start = matcher.start();
      const end = matcher.end();
      if (this.#base + start >= decided) return;
      if (progress.rejected < MAX_REJECTED_PER_PATTERN && !pattern.accepts(text.slice(start, end))) {
        progress.rejected++;
        position = start + 1;
        continue;
      }
      position = end;
      progress.resumeAt = this.#base + end;
      progress.count++;
      const span: readonly [number, number] = [this.#base + start, this.#base + end];
      found.push({ pattern: pattern.id, severity: pattern.severity, field: this.#field, span });
    }
  }

  #progressOf(pattern: number): Progress {
    let progress = this.#progress.get(pattern);
    if (!progress)
      this.#progress.set(pattern, (progress = { resumeAt: 0, count: 0, rejected: 0, seenAt: -1 }));
    return progress;
  }
}

/** Order of findings in one text: by place, then by pattern. */
export function byPlace(a: Finding, b: Finding): number {
  return a.span[0] - b.span[0] || a.span[1] - b.span[1] || (a.pattern < b.pattern ? -1 : 1);
}
