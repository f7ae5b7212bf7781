import type { CompiledPattern } from './pattern-set';
import { isWord, type RuleState } from './rule-automaton';

/** More findings of one pattern than this in one text are counted and not listed. */
export const MAX_FINDINGS_PER_PATTERN = 100;

/** Longest match, in UTF-16 code units; a longer one is taken as far as it goes. */
export const MAX_MATCH = 8_192;

// A text made to be rejected by a validator over and over is taken at its pattern's word.
const MAX_REJECTED = 1_000;
// A validator looks at this many of the ends that a match may have, the latest first.
const MAX_ENDS = 24;
const TRAIL_EVERY = 5; // bits: every 32 characters
const MAX_TRAIL = 2_048;

/** How an attempt without a match went on: where it stopped, or which other one it followed from some place on. */
interface Run {
  stoppedAt: number;
  stoppedIn: RuleState | undefined;
  followed: Run | undefined;
}

/** Where an attempt came by. */
interface Passage {
  readonly state: RuleState;
  run: Run;
}

/**
 * The search of one pattern in one text: attempts at places in rising order, one after the other, each
 * of which may wait for more text. Matches do not overlap.
 */
export class RuleSearch {
  /** Matches found, listed or not. */
  count = 0;
  #rejected = 0;
  #triedTo = -1;
  #resumeAt = 0;
  readonly #waiting: number[] = [];
  // The attempt under way, when #state is set.
  #start = 0;
  #at = 0;
  #state: RuleState | undefined;
  #ends: number[] = [];
  #run: Run = newRun();
  // Two attempts that are in the same state at the same place end alike: the second need not read on.
  readonly #trail = new Map<number, Passage>();

  constructor(
    private readonly pattern: CompiledPattern,
    private readonly onMatch: (start: number, end: number) => void,
  ) {}

  /** The first place from which a match may still come; infinite when none is under way. */
  get openFrom(): number {
    return this.#state ? this.#start : Infinity;
  }

  /**
   * @param start place of the whole text, later than those before
   * @param first the automaton's state there
   * @param text what is kept of the text, which begins at place `base` and may be read up to index `limit`
   */
  tryAt(start: number, first: RuleState, text: string, base: number, limit: number): void {
    if (start <= this.#triedTo || start < this.#resumeAt) return;
    this.#triedTo = start;
    if (this.#state) {
      this.#waiting.push(start);
      return;
    }
    this.#begin(start, first);
    this.#read(text, base, limit, false);
  }

  /** Goes on with what waits for text. @param isEnd whether none will come */
  readOn(text: string, base: number, limit: number, isEnd: boolean): void {
    while (this.#state && this.#read(text, base, limit, isEnd)) {
      let next = this.#waiting.shift();
      while (next !== undefined && next < this.#resumeAt) next = this.#waiting.shift();
      if (next === undefined) return;
      const isWordBefore = next > base && isWord(text.charCodeAt(next - base - 1));
      this.#begin(next, this.pattern.automaton.start(isWordBefore));
    }
  }

  #begin(start: number, first: RuleState): void {
    this.#start = start;
    this.#at = start;
    this.#state = first;
    this.#ends = [];
    this.#run = newRun();
    if (this.#trail.size >= MAX_TRAIL) this.#trail.clear();
  }

  /** @returns whether the attempt is over */
  #read(text: string, base: number, limit: number, isEnd: boolean): boolean {
    const { automaton } = this.pattern;
    const { dead } = automaton;
    let state = this.#state ?? dead;
    let index = this.#at - base;
    let block = this.#at >> TRAIL_EVERY;
    const last = this.#start - base + MAX_MATCH;
    while (index < limit) {
      let rune = text.charCodeAt(index);
      let width = 1;
      if ((rune & 0xfc00) === 0xd800) {
        rune = text.codePointAt(index) ?? rune;
        if (rune > 0xffff) width = 2;
      }
      if (state.ends !== 0 && (state.ends & (isWord(rune) ? 2 : 1)) !== 0) this.#mayEnd(base + index);
      if (index >= last) return this.#finish(text, base, index, state);
      state = automaton.step(state, rune);
      if (state === dead) return this.#finish(text, base, index, state);
      index += width;
      if ((base + index) >> TRAIL_EVERY !== block) {
        block = (base + index) >> TRAIL_EVERY;
        const followed = this.#passage(base + index, state);
        if (followed?.stoppedIn) {
          state = followed.stoppedIn;
          index = followed.stoppedAt - base;
          block = followed.stoppedAt >> TRAIL_EVERY;
          if (state === dead) return this.#finish(text, base, index, state);
        }
      }
    }
    if (isEnd) {
      if ((state.ends & 1) !== 0) this.#mayEnd(base + index);
      return this.#finish(text, base, index, state);
    }
    this.#at = base + index;
    this.#state = state;
    return false;
  }

  /** Notes where the attempt comes by. @returns the run to follow when another came by in the same state */
  #passage(place: number, state: RuleState): Run | undefined {
    const known = this.#trail.get(place);
    let run = known?.state === state ? known.run : undefined;
    while (run?.followed) run = run.followed;
    if (known && run) known.run = run;
    if (run?.stoppedIn && run.stoppedAt > place) {
      this.#run.followed = run;
      this.#run = run;
      return run;
    }
    this.#trail.set(place, { state, run: this.#run });
    return undefined;
  }

  #mayEnd(end: number): void {
    if (!this.pattern.accepts) this.#ends.length = 0;
    else if (this.#ends.length >= MAX_ENDS) this.#ends.shift();
    this.#ends.push(end);
  }

  #finish(text: string, base: number, index: number, state: RuleState): true {
    this.#state = undefined;
    if (this.#ends.length === 0) {
      this.#run.stoppedAt = base + index;
      this.#run.stoppedIn = state;
      return true;
    }
    this.#trail.clear();
    const end = this.#acceptedEnd(text, base);
    if (end === undefined) return true;
    this.#resumeAt = end;
    this.count++;
    if (this.count <= MAX_FINDINGS_PER_PATTERN) this.onMatch(this.#start, end);
    return true;
  }

  #acceptedEnd(text: string, base: number): number | undefined {
    const { accepts } = this.pattern;
    const from = this.#start - base;
    const end = this.#ends.findLast((one) => !accepts || accepts(text.slice(from, one - base)));
    if (end !== undefined) return end;
    return this.#rejected++ < MAX_REJECTED ? undefined : this.#ends.at(-1);
  }
}

function newRun(): Run {
  return { stoppedAt: 0, stoppedIn: undefined, followed: undefined };
}
