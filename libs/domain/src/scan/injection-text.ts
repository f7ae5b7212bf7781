import type { Finding, Severity } from '@behavry/contracts';
import { decodedText, EncodedRuns, type EncodedRun } from './encoded-runs';
import { INJECTION_CLASSES, INJECTION_RULES, type InjectionClass } from './injection-rules';
import { Normaliser } from './normalise-text';
import { PatternSet } from './pattern-set';
import { TextScanner } from './text-scanner';

const RULES = new Map(INJECTION_RULES.map((rule, index) => [`injection_${String(index)}`, rule]));
let compiled: PatternSet | undefined;

/** The rules, compiled when they are first needed. */
export function injectionPatterns(): PatternSet {
  return (compiled ??= new PatternSet(
    [...RULES].map(([id, { pattern }]) => ({ id, name: id, pattern, severity: 'low', tags: [] })),
  ));
}

interface Hit {
  readonly class: InjectionClass;
  readonly weight: number;
  // Places of the normalised text.
  readonly start: number;
  readonly end: number;
}

/** Hits farther apart than this have nothing to do with each other, in characters. */
const REACH = 2_048;
const MOST_HITS = 64;
const CONTEXT = 160;
const DEEPEST = 2;
/** From how much on a decoded text makes its encoding a hit. */
const TELLING = 0.5;
/** This many unseen signs, or characters that only machines read, are no accident. */
const HIDDEN_SIGNS = 16;

const QUOTING = /["“«`]/g;
const MENTION =
  /\b(?:example|e\.g|phrase|phrases|such as|like|detect\w*|documentation|says|said|training|owasp|attack\w*|inject\w*|malicious|pattern\w*|known as|so-called)\b/i;
const ASKING =
  /\b(?:how (?:can|do|to|should|would)|why|what (?:if|does)|can i|should i|i (?:want|tried|need))\b/i;

/**
 * Looks for orders to the reader in a text that arrives in pieces. What is found has weights; those of one
 * neighbourhood add up (of one class the strongest in full, the second by half, others by a quarter), and
 * the sum says how severe it is. Findings are the same for every way of splitting the text.
 */
export class InjectionText {
  /** The highest sum so far. */
  score = 0;
  readonly #scanner = new TextScanner(injectionPatterns());
  readonly #normaliser = new Normaliser();
  readonly #runs = new EncodedRuns();
  // The normalised text from #base on: what is not decided, and what stands before it.
  #text = '';
  #base = 0;
  #places: (readonly [index: number, place: number])[] = [];
  #hits: Hit[] = [];
  #window: readonly Hit[] = [];
  #decided = 0;

  constructor(
    private readonly field = '',
    private readonly depth = 0,
  ) {}

  /** No finding that is still unknown starts before this place of the text. */
  get decided(): number {
    const isAll = this.#decided >= this.#base + this.#text.length;
    return isAll ? this.#normaliser.position : this.#placeOf(this.#decided);
  }

  push(chunk: string): readonly Finding[] {
    this.#take(chunk, false);
    this.#decided = Math.max(this.#decided, Math.min(this.#scanner.decided, this.#runs.openFrom));
    return this.#settle();
  }

  end(): readonly Finding[] {
    this.#take('', true);
    this.#read(this.#scanner.end(), this.#runs.end());
    const end = this.#base + this.#text.length;
    const { unseen, tags } = this.#normaliser;
    if (Math.max(unseen, tags) >= HIDDEN_SIGNS) {
      this.#hits.push({ class: 'encoded_payload', weight: 0.4, start: end - 1, end });
    }
    this.#decided = end;
    return this.#settle();
  }

  #take(chunk: string, isLast: boolean): void {
    const { text, runs } = this.#normaliser.push(chunk, isLast);
    const from = this.#base + this.#text.length;
    for (const [index, place] of runs) this.#places.push([from + index, place]);
    this.#text += text;
    this.#read(this.#scanner.push(text), this.#runs.push(text, from));
  }

  #read(found: readonly Finding[], runs: readonly EncodedRun[]): void {
    for (const { pattern, span } of found) {
      const rule = RULES.get(pattern);
      if (!rule) continue;
      const [start, end] = span;
      this.#hits.push({ class: rule.class, weight: rule.weight * this.#dampening(start), start, end });
    }
    for (const { start, end } of runs) {
      if (this.depth >= DEEPEST) continue;
      const text = decodedText(this.#text.slice(start - this.#base, end - this.#base));
      if (text === undefined) continue;
      const inner = new InjectionText('', this.depth + 1);
      inner.push(text);
      inner.end();
      if (inner.score >= TELLING) this.#hits.push({ class: 'encoded_payload', weight: 0.8, start, end });
    }
  }

  /** Who quotes such a text, speaks about it or asks about it gives no orders. */
  #dampening(start: number): number {
    const before = this.#text.slice(Math.max(0, start - CONTEXT - this.#base), start - this.#base);
    const sentence = before.slice(
      Math.max(before.lastIndexOf('. '), before.lastIndexOf('\n'), before.lastIndexOf('! ')) + 1,
    );
    const isQuoted = (sentence.match(QUOTING)?.length ?? 0) % 2 === 1;
    if (isQuoted) return MENTION.test(sentence) ? 0.15 : 0.6;
    return ASKING.test(sentence) ? 0.5 : 1;
  }

  #settle(): readonly Finding[] {
    const ready = this.#hits.filter(({ start }) => start < this.#decided);
    this.#hits = this.#hits.filter(({ start }) => start >= this.#decided);
    ready.sort((a, b) => a.start - b.start || a.end - b.end || a.weight - b.weight);
    const findings = ready.flatMap((hit) => this.#weigh(hit));
    this.#forget();
    return findings;
  }

  #weigh(hit: Hit): readonly Finding[] {
    this.#window = [...this.#window.filter(({ start }) => hit.start - start <= REACH), hit].slice(-MOST_HITS);
    // Haste alone is nothing.
    if (this.#window.every((one) => one.class === 'urgency_framing')) return [];
    const sum = sumOf(this.#window);
    this.score = Math.max(this.score, sum);
    const most = this.#window.map((one): Severity => INJECTION_CLASSES[one.class]).reduce(stronger);
    const span = [this.#placeOf(hit.start), this.#placeOf(hit.end - 1) + 1] as const;
    return [
      { pattern: `injection.${hit.class}`, severity: weaker(most, levelOf(sum)), field: this.field, span },
    ];
  }

  /** @param place of the normalised text @returns its place in the original */
  #placeOf(place: number): number {
    const run = this.#places.findLast(([index]) => index <= place);
    return run ? run[1] + place - run[0] : place;
  }

  #forget(): void {
    const keepFrom = this.#decided - CONTEXT - 1;
    if (keepFrom - this.#base < 1_024) return;
    this.#text = this.#text.slice(keepFrom - this.#base);
    this.#base = keepFrom;
    const first = this.#places.findLastIndex(([index]) => index <= keepFrom);
    if (first > 0) this.#places.splice(0, first);
  }
}

function sumOf(hits: readonly Hit[]): number {
  const weights = new Map<InjectionClass, number[]>();
  for (const hit of hits) weights.set(hit.class, [...(weights.get(hit.class) ?? []), hit.weight]);
  let sum = 0;
  for (const ofClass of weights.values()) {
    ofClass.sort((a, b) => b - a);
    ofClass.forEach((weight, index) => (sum += weight * (index === 0 ? 1 : index === 1 ? 0.5 : 0.25)));
  }
  return sum;
}

function levelOf(sum: number): Severity {
  if (sum >= 1) return 'critical';
  if (sum >= 0.6) return 'high';
  return sum >= 0.4 ? 'medium' : 'low';
}

const ORDER: readonly Severity[] = ['low', 'medium', 'high', 'critical'];

function stronger(a: Severity, b: Severity): Severity {
  return ORDER.indexOf(a) >= ORDER.indexOf(b) ? a : b;
}

function weaker(a: Severity, b: Severity): Severity {
  return ORDER.indexOf(a) <= ORDER.indexOf(b) ? a : b;
}
