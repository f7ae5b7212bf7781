import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import type { DlpPattern } from './dlp-pattern';
import { LiteralAutomaton } from './literal-automaton';
import { DlpPatternError, PatternSet, type CompiledPattern } from './pattern-set';
import type { RuleState } from './rule-automaton';
import { scanText } from './text-scanner';

/** What a tenant's patterns may cost together, in microseconds of each 1,024 characters, on a quiet machine. */
export const AFFORDABLE = {
  /** Of texts as they come. */
  ordinary: 40,
  /** Of a text made of the patterns' own beginnings, as somebody would write it who wants to stop a plane. */
  hostile: 700,
} as const;

/** What a set of patterns costs, in microseconds of each 1,024 characters. */
export interface PatternCost {
  readonly perKb: Readonly<Record<CostText, number>>;
}

export type CostText = 'english' | 'json' | 'base64' | 'digits' | 'one letter' | 'own beginnings';

const TEXT_SIZE = 64 * 1024;
/** Growing beginnings, so that what is hopeless is known soon. */
const SIZES = [256, 2_048, 16_384, TEXT_SIZE];
const HOPELESS = 4;
const RUNS = 5;

/**
 * Measures what patterns cost together. Takes some ten milliseconds, for hopeless ones less.
 * @param now a clock in milliseconds with fractions
 * @param own the patterns to write a hostile text of; those of the set when left out
 * @throws DlpPatternError for a pattern that does not compile
 */
export function measurePatternCost(
  patterns: readonly DlpPattern[],
  now: () => number,
  own?: readonly string[],
): PatternCost {
  const set = new PatternSet(patterns);
  const attacked = set.patterns.filter(({ id }) => !own || own.includes(id));
  const texts: Record<CostText, string> = { ...ordinaryTexts(), 'own beginnings': hostileText(attacked) };
  warmUp(texts.json);
  const perKb: Partial<Record<CostText, number>> = {};
  for (const name of Object.keys(texts) as CostText[])
    perKb[name] = costOf(texts[name], set, limitOf(name), now);
  return { perKb: perKb as Record<CostText, number> };
}

/**
 * The check before a tenant's pattern is saved.
 * @param others the tenant's other patterns, built-in ones included
 * @param now a clock in milliseconds with fractions
 * @throws DlpPatternError with the measured cost in words
 */
export function checkPatternCost(
  pattern: DlpPattern,
  others: readonly DlpPattern[],
  now: () => number,
): void {
  const all = [...others.filter(({ id }) => id !== pattern.id), pattern];
  const { perKb } = measurePatternCost(all, now, [pattern.id]);
  const dear = (Object.keys(perKb) as CostText[]).find((text) => perKb[text] > limitOf(text));
  if (dear === undefined) return;
  throw new DlpPatternError(
    pattern.id,
    `too costly: with the other patterns ${perKb[dear].toFixed(0)} µs per KB of ${WORDS[dear]}, ` +
      `${limitOf(dear)} are allowed; begin it with fixed characters or a word boundary (\\b), and bound its repetitions`,
  );
}

const WORDS: Readonly<Record<CostText, string>> = {
  english: 'English text',
  json: 'JSON',
  base64: 'base64',
  digits: 'digits',
  'one letter': 'one repeated letter',
  'own beginnings': 'text made to be slow for it',
};

function limitOf(text: CostText): number {
  return text === 'own beginnings' ? AFFORDABLE.hostile : AFFORDABLE.ordinary;
}

/** How fast this machine is just now: a loop that takes two microseconds a KB where the limits were set. */
const REFERENCE = new LiteralAutomaton([['\u0001']]);
const REFERENCE_COST = 2;

function costOf(text: string, set: PatternSet, limit: number, now: () => number): number {
  let cost = 0;
  for (const size of SIZES) {
    cost = leastCost(text.slice(0, size), set, limit, now);
    if (cost > HOPELESS * limit) return cost;
  }
  return cost;
}

let isWarm = false;

/** The first searches of a process pay for its compiler. */
function warmUp(text: string): void {
  if (isWarm) return;
  isWarm = true;
  const set = new PatternSet(BUILT_IN_DLP_PATTERNS);
  for (let run = 0; run < 10; run++) scanText(text, set);
}

/** The least of some runs, of the reference and of the search: what else the machine does is not counted. */
function leastCost(text: string, set: PatternSet, limit: number, now: () => number): number {
  let reference = Infinity;
  let search = Infinity;
  let cost = Infinity;
  for (let run = 0; run < RUNS; run++) {
    const begin = now();
    for (let done = 0; done < TEXT_SIZE; done += text.length) REFERENCE.reach(text, 0);
    const middle = now();
    scanText(text, set);
    reference = Math.min(reference, Math.max(1e-3, middle - begin) / TEXT_SIZE);
    search = Math.min(search, (now() - middle) / text.length);
    cost = (search / reference) * REFERENCE_COST;
    if (run > 0 && cost < limit / 2) break;
    if (run > 0 && text.length > 2_048 && cost > HOPELESS * limit) break;
  }
  return cost;
}

function ordinaryTexts(): Record<Exclude<CostText, 'own beginnings'>, string> {
  const next = numbers(11);
  const english =
    'The quarterly report of the customer service team says that most requests were answered within one day, ' +
    'that the author of the document asked for access to the password store, and that nobody objected. ';
  const row = (): string =>
    JSON.stringify({
      id: next(1e7),
      created_at: '2026-03-14T15:09:26.535Z',
      amount: next(1e5) / 100,
      name: `Item ${next(1e4)}`,
      active: true,
    });
  const rows = Array.from({ length: 700 }, row).join(',');
  const base64 = Array.from({ length: TEXT_SIZE }, () => BASE64[next(64)] ?? '').join('');
  return {
    english: filled(english),
    json: filled(rows),
    base64,
    digits: filled('31415926535897932384626433832795'),
    'one letter': filled('a'),
  };
}

/** Beginnings of matches, led on by what may come next, further beginnings where they may stand. */
function hostileText(patterns: readonly CompiledPattern[]): string {
  const next = numbers(7);
  let text = '';
  while (patterns.length > 0 && text.length < TEXT_SIZE) {
    const pattern = patterns[next(patterns.length)];
    if (!pattern) break;
    let state = pattern.automaton.start(false);
    let piece = next(3) === 0 ? ' ' : '';
    for (let turn = next(600); turn > 0; turn--) {
      const more = next(2) === 0 ? pattern.gate.literals[next(pattern.gate.literals.length)] : undefined;
      const led =
        leadOn(pattern, state, more ?? '') ?? leadOn(pattern, state, letterAfter(pattern, state, next));
      if (!led) break;
      piece += led.text;
      state = led.state;
    }
    text += piece === '' ? ' ' : piece;
  }
  return text.slice(0, TEXT_SIZE);
}

function leadOn(
  { automaton }: CompiledPattern,
  from: RuleState,
  text: string,
): { readonly text: string; readonly state: RuleState } | undefined {
  let state = from;
  for (let index = 0; index < text.length; index++) state = automaton.step(state, text.charCodeAt(index));
  return text === '' || state === automaton.dead ? undefined : { text, state };
}

/** A match that ends costs nothing more, so letters that lead to no end come first. */
function letterAfter(
  { automaton }: CompiledPattern,
  state: RuleState,
  next: (below: number) => number,
): string {
  const from = next(PRINTABLE.length);
  const codes = [...PRINTABLE.slice(from), ...PRINTABLE.slice(0, from)].filter(
    (code) => automaton.step(state, code) !== automaton.dead,
  );
  const code = codes.find((one) => automaton.step(state, one).ends === 0) ?? codes[0];
  return code === undefined ? '' : String.fromCharCode(code);
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const PRINTABLE = Array.from({ length: 95 }, (_, index) => index + 32);

function filled(text: string): string {
  return text.repeat(Math.ceil(TEXT_SIZE / text.length)).slice(0, TEXT_SIZE);
}

/** The same numbers in every run, so that a cost is that of the patterns. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return below === 0 ? 0 : (state >>> 8) % below;
  };
}
