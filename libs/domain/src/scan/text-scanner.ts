import type { Finding } from '@behavry/contracts';
import type { CompiledPattern, PatternSet } from './pattern-set';
import { isWord } from './rule-automaton';
import { RuleSearch } from './rule-search';

/**
 * Scans one text that arrives in pieces. Findings are those of the unsplit text for every way of
 * splitting it. One automaton of literals reads every character once; where a literal is, the automaton
 * of its pattern reads on from there. Only text that may still belong to a finding is kept.
 */
export class TextScanner {
  readonly #set: PatternSet;
  readonly #field: string;
  readonly #searches = new Map<CompiledPattern, RuleSearch>();
  // Text from #base on is kept: what is not decided, and one character before it.
  #text = '';
  #base = 0;
  #limit = 0;
  #literalState = 0;
  #decided = 0;
  #found: Finding[] = [];

  /** @param field what findings say about where the text stood */
  constructor(set: PatternSet, field = '') {
    this.#set = set;
    this.#field = field;
  }

  /** No match that is still unknown starts before this place of the whole text. */
  get decided(): number {
    return this.#decided;
  }

  /** By pattern, how many findings there were, listed or not. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#searches].map(([{ id }, { count }]) => [id, count]));
  }

  /**
   * @param chunk the next piece
   * @returns findings that became certain, by place
   */
  push(chunk: string): readonly Finding[] {
    this.#take(chunk);
    // The first half of a pair is read with the second.
    const isHalf = (this.#text.charCodeAt(this.#text.length - 1) & 0xfc00) === 0xd800;
    this.#read(this.#text.length - (isHalf ? 1 : 0), false);
    this.#settle(this.#undecidedFrom());
    return this.#ready();
  }

  /** @returns the findings that only the end of the text makes certain */
  end(): readonly Finding[] {
    this.#read(this.#text.length, true);
    this.#settle(this.#base + this.#text.length);
    return this.#ready();
  }

  /** Scans a text that is whole: `push` and `end` without what only pieces need. */
  whole(text: string): readonly Finding[] {
    this.#text = text;
    this.#read(text.length, true);
    this.#decided = text.length;
    return this.#ready();
  }

  #take(chunk: string): void {
    const keepFrom = Math.max(0, this.#decided - 1 - this.#base);
    this.#text = keepFrom === 0 ? this.#text + chunk : this.#text.slice(keepFrom) + chunk;
    this.#base += keepFrom;
    this.#limit -= keepFrom;
  }

  #read(limit: number, isEnd: boolean): void {
    const text = this.#text;
    const { classes, shift, delta, firstHit } = this.#set.literals;
    const from = this.#limit;
    this.#limit = limit;
    for (const search of this.#searches.values()) search.readOn(text, this.#base, limit, false);
    let state = this.#literalState;
    for (let index = from; index < limit; index++) {
      state = delta[(state << shift) | (classes[text.charCodeAt(index)] ?? 0)] ?? 0;
      if (state >= firstHit) this.#hit(state, index + 1);
    }
    this.#literalState = state;
    if (isEnd) for (const search of this.#searches.values()) search.readOn(text, this.#base, limit, true);
  }

  #hit(state: number, end: number): void {
    for (const { rule, length } of this.#set.literals.hitsOf(state)) {
      const pattern = this.#set.patterns[rule];
      if (!pattern) continue;
      const literalAt = end - length;
      // Most places fall by what stands before them, or with their first character.
      if (pattern.beginsWord && literalAt > 0 && isWord(this.#text.charCodeAt(literalAt - 1))) continue;
      const from = pattern.gate.lookBack === 0 ? literalAt : this.#walkBack(pattern, literalAt);
      for (let start = from; start <= literalAt; start++) this.#try(pattern, start);
    }
  }

  #try(pattern: CompiledPattern, start: number): void {
    const text = this.#text;
    const code = text.charCodeAt(start);
    const isWordBefore = start > 0 && isWord(text.charCodeAt(start - 1));
    const first = pattern.automaton.start(isWordBefore);
    if (code < 128 && pattern.automaton.step(first, code) === pattern.automaton.dead) return;
    let search = this.#searches.get(pattern);
    if (!search)
      this.#searches.set(
        pattern,
        (search = new RuleSearch(pattern, (start, end) => this.#add(pattern, start, end))),
      );
    search.tryAt(this.#base + start, first, text, this.#base, this.#limit);
  }

  #add({ id, severity }: CompiledPattern, start: number, end: number): void {
    this.#found.push({ pattern: id, severity, field: this.#field, span: [start, end] });
  }

  /** @returns the first place, of the kept text, from which a match may lead to a literal that begins at `at` */
  #walkBack({ gate }: CompiledPattern, at: number): number {
    const lowest = Math.max(0, at - gate.lookBack);
    let place = at;
    while (place > lowest) {
      const code = this.#text.charCodeAt(place - 1);
      if (code < 128 ? gate.before[code] !== 1 : !gate.mayBeyondAsciiBefore) break;
      place--;
    }
    return place;
  }

  #undecidedFrom(): number {
    const limit = this.#limit;
    const literalFrom = limit - (this.#set.literals.depths[this.#literalState] ?? 0);
    let first = this.#base + literalFrom;
    for (const pattern of this.#set.lookingBack) {
      first = Math.min(first, this.#base + this.#walkBack(pattern, limit));
      if (literalFrom < limit) first = Math.min(first, this.#base + this.#walkBack(pattern, literalFrom));
    }
    for (const { openFrom } of this.#searches.values()) first = Math.min(first, openFrom);
    return first;
  }

  #settle(decided: number): void {
    if (decided > this.#decided) this.#decided = decided;
  }

  #ready(): readonly Finding[] {
    if (this.#found.length === 0) return NOTHING;
    const ready = this.#found.filter(({ span }) => span[0] < this.#decided);
    if (ready.length === this.#found.length) this.#found = [];
    else if (ready.length > 0) this.#found = this.#found.filter(({ span }) => span[0] >= this.#decided);
    return ready.sort(byPlace);
  }
}

const NOTHING: readonly Finding[] = [];

/** Scans a whole text. */
export function scanText(text: string, patterns: PatternSet, field = ''): readonly Finding[] {
  return new TextScanner(patterns, field).whole(text);
}

/** Order of findings in one text: by place, then by pattern. */
export function byPlace(a: Finding, b: Finding): number {
  return a.span[0] - b.span[0] || a.span[1] - b.span[1] || (a.pattern < b.pattern ? -1 : 1);
}
