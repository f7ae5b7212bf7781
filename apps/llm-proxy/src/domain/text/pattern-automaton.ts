import type { PatternSet } from '@behavry/domain';

/** One instruction of a compiled expression, as re2js lays them out. */
interface Instruction {
  readonly op: number;
  readonly out: number;
  readonly arg: number;
  matchRune(rune: number): boolean;
}

interface Program {
  readonly inst: readonly Instruction[];
  readonly start: number;
}

// re2js, class Inst.
const ALT = 1;
const ALT_MATCH = 2;
const CAPTURE = 3;
const EMPTY_WIDTH = 4;
const FAIL = 5;
const MATCH = 6;
const NOP = 7;
const RUNE_ANY = 10;
const RUNE_ANY_NOT_NL = 11;
const WORD_BOUNDARY = 16;
const NO_WORD_BOUNDARY = 32;

const LINE_FEED = 0x0a;
const ASCII = 128;

/** What stands on both sides of a position, as far as boundaries ask. */
export interface Surroundings {
  readonly isWordBefore: boolean;
  readonly isWordAfter: boolean;
}

/** Called with the state behind each instruction that takes the next character, and for each finished match. */
export interface StepSink {
  advance(state: number): void;
  match(pattern: number): void;
}

/**
 * All patterns of a set as one automaton that is stepped one character at a time, so that a text in
 * pieces never has to be read twice. A state is an instruction of one of the patterns.
 */
export class PatternAutomaton {
  /** First state of each pattern. */
  readonly starts: readonly number[];
  readonly size: number;
  readonly #instructions: readonly Instruction[];
  readonly #patternOf: Int32Array;
  readonly #offsetOf: Int32Array;
  readonly #seen: Int32Array;
  #round = 0;
  readonly #stack: number[] = [];
  readonly #afterStart: (readonly number[] | undefined)[] = new Array<undefined>(ASCII * 2);

  /** @throws Error for an instruction that is not known here */
  constructor(patterns: PatternSet) {
    const programs = patterns.patterns.map(({ regex }) => regex.re2().prog as Program);
    this.size = programs.reduce((sum, { inst }) => sum + inst.length, 0);
    this.#patternOf = new Int32Array(this.size);
    this.#offsetOf = new Int32Array(this.size);
    this.#seen = new Int32Array(this.size);
    const instructions: Instruction[] = [];
    const starts: number[] = [];
    programs.forEach(({ inst, start }, pattern) => {
      const offset = instructions.length;
      this.#patternOf.fill(pattern, offset, offset + inst.length);
      this.#offsetOf.fill(offset, offset, offset + inst.length);
      starts.push(offset + start);
      instructions.push(...inst);
    });
    const unknown = instructions.find(({ op }) => op < ALT || op > RUNE_ANY_NOT_NL);
    if (unknown) throw new Error(`re2js made an instruction that is not known here: ${String(unknown.op)}`);
    this.#instructions = instructions;
    this.starts = starts;
  }

  /** Forgets which states the steps of this position went through; call once a position. */
  nextPosition(): void {
    this.#round++;
  }

  /**
   * Lets one state take a character. States that another call of the same position went through before
   * are left out, so callers step in the order of what they want to keep.
   * @param rune code point; undefined at the end of the text
   */
  step(state: number, rune: number | undefined, around: Surroundings, sink: StepSink): void {
    const stack = this.#stack;
    stack.push(state);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      if (this.#seen[at] === this.#round) continue;
      this.#seen[at] = this.#round;
      const instruction = this.#instructions[at];
      if (!instruction) continue;
      const offset = this.#offsetOf[at] ?? 0;
      switch (instruction.op) {
        case ALT:
        case ALT_MATCH:
          stack.push(offset + instruction.arg, offset + instruction.out);
          break;
        case CAPTURE:
        case NOP:
          stack.push(offset + instruction.out);
          break;
        case EMPTY_WIDTH:
          if (holds(instruction.arg, around)) stack.push(offset + instruction.out);
          break;
        case FAIL:
          break;
        case MATCH:
          sink.match(this.#patternOf[at] ?? 0);
          break;
        default:
          if (rune !== undefined && takes(instruction, rune)) sink.advance(offset + instruction.out);
      }
    }
  }

  /** @returns the states behind one character with which a match may begin */
  begin(rune: number, isWordBefore: boolean): readonly number[] {
    if (rune >= ASCII) return this.#begin(rune, isWordBefore);
    const slot = rune * 2 + (isWordBefore ? 1 : 0);
    return (this.#afterStart[slot] ??= this.#begin(rune, isWordBefore));
  }

  #begin(rune: number, isWordBefore: boolean): readonly number[] {
    const states: number[] = [];
    const around = { isWordBefore, isWordAfter: isWord(rune) };
    const sink: StepSink = { advance: (state) => states.push(state), match: () => undefined };
    // Within its own round: what began earlier must not hide what begins here.
    this.#round++;
    for (const start of this.starts) this.step(start, rune, around, sink);
    this.#round++;
    return states;
  }
}

/** Whether a character belongs to a word, as `\b` sees it. */
export function isWord(rune: number): boolean {
  return (
    (rune >= 0x30 && rune <= 0x39) ||
    (rune >= 0x41 && rune <= 0x5a) ||
    rune === 0x5f ||
    (rune >= 0x61 && rune <= 0x7a)
  );
}

// Conditions other than word boundaries do not occur (patterns have no anchors); held true, they only make us wait longer.
function holds(condition: number, { isWordBefore, isWordAfter }: Surroundings): boolean {
  const isBoundary = isWordBefore !== isWordAfter;
  if ((condition & WORD_BOUNDARY) !== 0 && !isBoundary) return false;
  return (condition & NO_WORD_BOUNDARY) === 0 || !isBoundary;
}

function takes(instruction: Instruction, rune: number): boolean {
  if (instruction.op === RUNE_ANY) return true;
  if (instruction.op === RUNE_ANY_NOT_NL) return rune !== LINE_FEED;
  return instruction.matchRune(rune);
}
