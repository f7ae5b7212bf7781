import { BEYOND_ASCII } from './literal-automaton';
import {
  FOLDS_TO_ASCII,
  OP,
  isWord,
  takesBeyondAscii,
  type Instruction,
  type RuleAutomaton,
  type RuleState,
} from './rule-automaton';

/** Where a match of a pattern may begin, derived from the pattern itself. */
export interface Gate {
  /** Every match has one of these in it (lower case; characters beyond ASCII as one sign). */
  readonly literals: readonly string[];
  /** How far before the literal a match may begin; 0: it begins with the literal. */
  readonly lookBack: number;
  /** What may stand between the beginning of a match and the literal; by ASCII code. */
  readonly before: Uint8Array;
  readonly mayBeyondAsciiBefore: boolean;
}

const LONGEST_PREFIX = 8;
const MOST_LITERALS = 192;
const LONGEST_LOOK_BACK = 256;
/** Beginnings rarer than this need no better literal: once in 10,000 places. */
const RARE = 1e-4;
const NOTHING_BEFORE = new Uint8Array(128);

/**
 * @returns the rarest literals that each match must have: all beginnings of one length, or one literal
 *   further in, when what stands before it is bounded and it is clearly rarer
 */
export function gateOf(automaton: RuleAutomaton): Gate {
  const prefixes = prefixesOf(automaton);
  const inner = frequencyOf(prefixes) > RARE ? innerLiteral(automaton) : undefined;
  if (inner && frequencyOf(inner.literals) * 8 < frequencyOf(prefixes)) return inner;
  return { literals: prefixes, lookBack: 0, before: NOTHING_BEFORE, mayBeyondAsciiBefore: false };
}

function prefixesOf(automaton: RuleAutomaton): readonly string[] {
  let level = new Map<string, Set<RuleState>>([
    ['', new Set([automaton.start(false), automaton.start(true)])],
  ]);
  let literals: readonly string[] = [];
  for (let length = 1; length <= LONGEST_PREFIX; length++) {
    const next = new Map<string, Set<RuleState>>();
    for (const [prefix, states] of level) {
      for (const state of states) {
        // A match may end here: nothing longer stands in all of them.
        if (length > 1 && state.ends !== 0) return literals;
        if (reachesBeyondAscii(automaton, state)) {
          if (length > 1) return literals;
          addTo(next, BEYOND_ASCII, automaton.dead);
        }
        for (const [rune, folded] of FOLDED) {
          const behind = automaton.step(state, rune);
          if (behind !== automaton.dead) addTo(next, prefix + folded, behind);
        }
      }
      if (length > 1 && next.size > MOST_LITERALS) return literals;
    }
    literals = [...next.keys()];
    level = next;
    if (next.has(BEYOND_ASCII)) return literals;
  }
  return literals;
}

const FOLDED: readonly (readonly [number, string])[] = [
  ...Array.from({ length: 128 }, (_, code) => [code, String.fromCharCode(code).toLowerCase()] as const),
  ...[...FOLDS_TO_ASCII].map(([code, folded]) => [code, String.fromCharCode(folded)] as const),
];

function addTo(level: Map<string, Set<RuleState>>, key: string, state: RuleState): void {
  const states = level.get(key);
  if (states) states.add(state);
  else level.set(key, new Set([state]));
}

function reachesBeyondAscii(automaton: RuleAutomaton, state: RuleState): boolean {
  return automaton.closure(state, false).takers.some((at) => {
    const instruction = automaton.program.inst[at];
    return instruction !== undefined && takesBeyondAscii(instruction);
  });
}

/** A literal without which no way leads through the pattern. */
function innerLiteral(automaton: RuleAutomaton): Gate | undefined {
  const { inst } = automaton.program;
  let best: Gate | undefined;
  for (let at = 0; at < inst.length; at++) {
    const literal = literalFrom(inst, at);
    if (literal === '' || (best && frequencyOf([literal]) >= frequencyOf(best.literals))) continue;
    const region = regionBefore(automaton, at);
    if (!region) continue;
    const lookBack = longestWay(automaton, at, region);
    if (lookBack === undefined || lookBack > LONGEST_LOOK_BACK) continue;
    const takers = [...region].flatMap((index) => inst[index] ?? []).filter(({ op }) => op >= OP.rune);
    const before = new Uint8Array(128);
    for (let code = 0; code < 128; code++)
      before[code] = takers.some((one) => one.op >= OP.any || one.matchRune(code)) ? 1 : 0;
    best = {
      literals: [literal],
      // UTF-16 has up to two units a character.
      lookBack: takers.some(takesBeyondAscii) ? 2 * lookBack : lookBack,
      before,
      mayBeyondAsciiBefore: takers.some(
        (one) =>
          one.op >= OP.any ||
          takesBeyondAscii(one) ||
          [...FOLDS_TO_ASCII.keys()].some((code) => one.matchRune(code)),
      ),
    };
  }
  return best;
}

/** The characters that follow each other from an instruction on, as long as there is one way only. */
function literalFrom(inst: readonly Instruction[], start: number): string {
  let literal = '';
  for (let at = start; literal.length < LONGEST_PREFIX;) {
    const one = inst[at];
    const rune = one ? oneLetterOf(one) : undefined;
    if (rune !== undefined) literal += String.fromCharCode(rune).toLowerCase();
    else if (literal === '' || (one?.op !== OP.capture && one?.op !== OP.nop)) return literal;
    at = one?.out ?? 0;
  }
  return literal;
}

/** The one letter, folded, that an instruction takes; undefined when it takes others. */
function oneLetterOf(instruction: Instruction): number | undefined {
  if (instruction.op < OP.rune || instruction.op >= OP.any || takesBeyondAscii(instruction)) return undefined;
  const letters = new Set(FOLDED.filter(([code]) => instruction.matchRune(code)).map(([, folded]) => folded));
  const [only] = letters;
  return letters.size === 1 ? only?.charCodeAt(0) : undefined;
}

/** What can be reached without passing an instruction; undefined when the end is among it. */
function regionBefore(automaton: RuleAutomaton, barrier: number): ReadonlySet<number> | undefined {
  const { inst, start } = automaton.program;
  const region = new Set<number>();
  const stack = [start];
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const one = inst[at];
    if (at === barrier || region.has(at) || !one) continue;
    if (one.op === OP.match) return undefined;
    region.add(at);
    stack.push(...waysOut(one));
  }
  return region;
}

function waysOut({ op, out, arg }: Instruction): readonly number[] {
  if (op === OP.fail || op === OP.match) return [];
  return op === OP.alt || op === OP.altMatch ? [out, arg] : [out];
}

/** @returns the most characters between the start and an instruction; undefined when there is no bound */
function longestWay(
  automaton: RuleAutomaton,
  target: number,
  region: ReadonlySet<number>,
): number | undefined {
  const { inst, start } = automaton.program;
  const known = new Map<number, number>();
  const open = new Set<number>();
  // Iterative depth first: an instruction is settled when all behind it are.
  const stack = [start];
  while (stack.length > 0) {
    const at = stack.at(-1) ?? 0;
    const one = inst[at];
    if (known.has(at) || at === target || !region.has(at) || !one) {
      stack.pop();
      continue;
    }
    const ways = waysOut(one);
    if (!open.has(at)) {
      open.add(at);
      const waiting = ways.filter((way) => way !== target && region.has(way) && !known.has(way));
      if (waiting.some((way) => open.has(way))) return undefined; // a loop
      stack.push(...waiting);
      continue;
    }
    if (ways.some((way) => way !== target && region.has(way) && !known.has(way))) return undefined;
    const behind = ways.map((way) => (way === target ? 0 : (known.get(way) ?? -Infinity)));
    known.set(at, Math.max(-Infinity, ...behind) + (one.op >= OP.rune ? 1 : 0));
    open.delete(at);
    stack.pop();
  }
  return start === target ? 0 : Math.max(0, known.get(start) ?? 0);
}

/** About how often one of some literals stands at a place of ordinary text. */
function frequencyOf(literals: readonly string[]): number {
  return literals.reduce(
    (sum, literal) => sum + Array.from(literal).reduce((part, one) => part * frequency(one), 1),
    0,
  );
}

function frequency(character: string): number {
  const code = character.charCodeAt(0);
  if (code === 0x20) return 0.15;
  if (isWord(code)) return code < 0x40 ? 0.02 : 0.035;
  return code >= 128 ? 0.05 : 0.004;
}
