import type { RE2JS } from 're2js';

/** One instruction of a compiled expression, as re2js lays them out. */
export interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  readonly runes: ArrayLike<number>;
  matchRune(rune: number): boolean;
}

export interface Program {
  readonly inst: readonly Instruction[];
  readonly start: number;
}

/** What re2js calls its instructions (its class Inst). */
export const OP = {
  alt: 1,
  altMatch: 2,
  capture: 3,
  emptyWidth: 4,
  fail: 5,
  match: 6,
  nop: 7,
  rune: 8,
  rune1: 9,
  any: 10,
  anyNotNewline: 11,
} as const;

const FOLD_CASE = 1;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;
const LINE_FEED = 0x0a;

/** Characters beyond ASCII that fold to an ASCII letter: the long s and the Kelvin sign. */
export const FOLDS_TO_ASCII: ReadonlyMap<number, number> = new Map([
  [0x17f, 0x73],
  [0x212a, 0x6b],
]);

// Beyond this many states the memory of an automaton is emptied; what is under way goes on with what it holds.
const MAX_STATES = 4_000;
const MAX_CACHED_RUNES = 4_096;

/** Where a match stands after some characters; undefined transitions are computed when they are needed. */
export interface RuleState {
  /** Instructions to go on from, most preferred first. */
  readonly threads: readonly number[];
  readonly isWordBefore: boolean;
  /** By class of the next character. */
  readonly next: (RuleState | undefined)[];
  /** Whether a match ends here: 1 when the next character is none of a word (or none comes), 2 when it is one. */
  readonly ends: number;
}

/**
 * One pattern as a deterministic automaton that starts at a given place and is made as texts need it
 * (lazily, as RE2's). It finds what a leftmost-first search finds that must begin there, reads each
 * character once, never backtracks, and can stop after any character and go on later.
 */
export class RuleAutomaton {
  readonly program: Program;
  readonly dead: RuleState;
  readonly #predicates: readonly Instruction[];
  readonly #asciiClasses = new Uint16Array(128);
  readonly #runeClasses = new Map<number, number>();
  readonly #classIds = new Map<string, number>();
  readonly #states = new Map<string, RuleState>();
  readonly #seen: Int32Array;
  #round = 0;
  #starts: readonly [RuleState, RuleState];

  /** @throws Error for an instruction that is not known here */
  constructor(regex: RE2JS) {
    this.program = regex.re2().prog as Program;
    const { inst } = this.program;
    const unknown = inst.find(({ op }) => op < OP.alt || op > OP.anyNotNewline);
    if (unknown) throw new Error(`re2js made an instruction that is not known here: ${String(unknown.op)}`);
    const distinct = inst.filter(({ op }) => op >= OP.rune).map((one) => [predicateKey(one), one] as const);
    this.#predicates = [...new Map(distinct).values()];
    this.#seen = new Int32Array(inst.length);
    for (let rune = 0; rune < 128; rune++) this.#asciiClasses[rune] = this.#newClassOf(rune);
    this.dead = { threads: [], isWordBefore: false, next: [], ends: 0 };
    this.#starts = this.#makeStarts();
  }

  /** @param isWordBefore whether the character before the place belongs to a word */
  start(isWordBefore: boolean): RuleState {
    return this.#starts[isWordBefore ? 1 : 0];
  }

  /** @returns the state behind one more character; `dead` when no match can come any more */
  step(state: RuleState, rune: number): RuleState {
    const cls = rune < 128 ? (this.#asciiClasses[rune] ?? 0) : this.#classOf(rune);
    return state.next[cls] ?? (state.next[cls] = this.#advance(state, rune));
  }

  /** @returns the instructions that take the next character, most preferred first, and whether a match ends before it */
  closure(
    { threads, isWordBefore }: Pick<RuleState, 'threads' | 'isWordBefore'>,
    isWordAfter: boolean,
  ): { readonly takers: readonly number[]; readonly isMatch: boolean } {
    const takers: number[] = [];
    const isBoundary = isWordBefore !== isWordAfter;
    this.#round++;
    for (const thread of threads) {
      const stack = [thread];
      for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
        if (this.#seen[at] === this.#round) continue;
        this.#seen[at] = this.#round;
        const instruction = this.program.inst[at];
        if (!instruction) continue;
        const { op, out, arg } = instruction;
        if (op === OP.match) return { takers, isMatch: true }; // what is less preferred is out of the race
        if (op >= OP.rune) takers.push(at);
        else if (op === OP.alt || op === OP.altMatch) stack.push(arg, out);
        else if (op === OP.capture || op === OP.nop) stack.push(out);
        else if (op === OP.emptyWidth && holds(arg, isBoundary)) stack.push(out);
      }
    }
    return { takers, isMatch: false };
  }

  #advance(state: RuleState, rune: number): RuleState {
    const { takers } = this.closure(state, isWord(rune));
    const threads: number[] = [];
    this.#round++;
    for (const at of takers) {
      const instruction = this.program.inst[at];
      if (!instruction || this.#seen[instruction.out] === this.#round || !takes(instruction, rune)) continue;
      this.#seen[instruction.out] = this.#round;
      threads.push(instruction.out);
    }
    return threads.length === 0 ? this.dead : this.#stateOf(threads, isWord(rune));
  }

  #stateOf(threads: readonly number[], isWordBefore: boolean): RuleState {
    const key = `${isWordBefore ? 'w' : ''}${threads.join()}`;
    let state = this.#states.get(key);
    if (!state) {
      if (this.#states.size >= MAX_STATES) {
        this.#states.clear();
        this.#starts = this.#makeStarts();
      }
      const endsIf = (isWordAfter: boolean): number =>
        this.closure({ threads, isWordBefore }, isWordAfter).isMatch ? 1 : 0;
      state = { threads, isWordBefore, next: [], ends: endsIf(false) + 2 * endsIf(true) };
      this.#states.set(key, state);
    }
    return state;
  }

  #makeStarts(): readonly [RuleState, RuleState] {
    return [this.#stateOf([this.program.start], false), this.#stateOf([this.program.start], true)];
  }

  #classOf(rune: number): number {
    let cls = this.#runeClasses.get(rune);
    if (cls === undefined) {
      if (this.#runeClasses.size >= MAX_CACHED_RUNES) this.#runeClasses.clear();
      this.#runeClasses.set(rune, (cls = this.#newClassOf(rune)));
    }
    return cls;
  }

  /** Characters that no instruction of the pattern tells apart are of one class. */
  #newClassOf(rune: number): number {
    let key = isWord(rune) ? 'w' : '';
    for (const predicate of this.#predicates) key += takes(predicate, rune) ? '1' : '0';
    let cls = this.#classIds.get(key);
    if (cls === undefined) this.#classIds.set(key, (cls = this.#classIds.size));
    return cls;
  }
}

/** Whether a character belongs to a word, as `\b` sees it. */
export function isWord(rune: number): boolean {
  return (
    (rune >= 0x61 && rune <= 0x7a) ||
    (rune >= 0x41 && rune <= 0x5a) ||
    (rune >= 0x30 && rune <= 0x39) ||
    rune === 0x5f
  );
}

/** Whether an instruction takes a character. */
export function takes(instruction: Instruction, rune: number): boolean {
  if (instruction.op === OP.any) return true;
  if (instruction.op === OP.anyNotNewline) return rune !== LINE_FEED;
  return instruction.matchRune(rune);
}

/** Whether an instruction takes a character beyond ASCII other than those that fold into it. */
export function takesBeyondAscii({ op, runes, arg }: Instruction): boolean {
  if (op >= OP.any) return true;
  const only = runes[0];
  if (runes.length === 1 && only !== undefined)
    return only >= 128 && !((arg & FOLD_CASE) !== 0 && FOLDS_TO_ASCII.has(only));
  for (let index = 1; index < runes.length; index += 2) {
    const from = runes[index - 1] ?? 0;
    const to = runes[index] ?? 0;
    if (to >= 128 && !(from === to && FOLDS_TO_ASCII.has(from))) return true;
  }
  return false;
}

function holds(condition: number, isBoundary: boolean): boolean {
  if ((condition & WORD_BOUNDARY) !== 0 && !isBoundary) return false;
  return (condition & NO_WORD_BOUNDARY) === 0 || !isBoundary;
}

function predicateKey({ op, runes, arg }: Instruction): string {
  return `${String(op)}/${String(arg & FOLD_CASE)}/${Array.from(runes).join()}`;
}
