import type { DlpPatternEntry, Severity } from '@behavry/contracts';
import { RE2JS } from 're2js';
import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import type { DlpPattern } from './dlp-pattern';
import { gateOf, type Gate } from './gate';
import { LiteralAutomaton } from './literal-automaton';
import { RuleAutomaton, isWord } from './rule-automaton';
import { VALIDATORS } from './validators';

/** A pattern ready to search. */
export interface CompiledPattern {
  readonly id: string;
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly automaton: RuleAutomaton;
  readonly gate: Gate;
  /** Whether every match begins with a word's first character, and with its literal. */
  readonly beginsWord: boolean;
  /** A second look at what matched; undefined accepts every match. */
  readonly accepts: ((text: string) => boolean) | undefined;
}

/** A pattern that cannot be used, and why, in words for its author. */
export class DlpPatternError extends Error {
  constructor(
    readonly patternId: string,
    fault: string,
  ) {
    super(`pattern ${patternId}: ${fault}`);
  }
}

/** Compiled patterns behind one automaton of their literals, so that clean texts cost one pass however many there are. */
export class PatternSet {
  readonly patterns: readonly CompiledPattern[];
  readonly literals: LiteralAutomaton;
  /** Patterns whose matches begin before their literal. */
  readonly lookingBack: readonly CompiledPattern[];

  /** @throws DlpPatternError for a pattern that does not compile, has anchors or matches the empty text */
  constructor(patterns: readonly (DlpPattern | CompiledPattern)[]) {
    this.patterns = patterns.map((pattern) => ('automaton' in pattern ? pattern : compilePattern(pattern)));
    this.literals = new LiteralAutomaton(this.patterns.map(({ gate }) => gate.literals));
    this.lookingBack = this.patterns.filter(({ gate }) => gate.lookBack > 0);
  }
}

/**
 * The patterns of a tenant: the built-in ones, replaced or switched off by entries of the same id, and
 * the tenant's own.
 */
export function tenantPatterns(entries: readonly DlpPatternEntry[]): readonly DlpPattern[] {
  const patterns = new Map(BUILT_IN_DLP_PATTERNS.map((pattern) => [pattern.id, pattern]));
  for (const entry of entries) {
    if (!entry.enabled) {
      patterns.delete(entry.id);
      continue;
    }
    const { id, name, pattern, severity, tags, validator } = entry;
    patterns.set(id, { id, name, pattern, severity, tags, ...(validator === null ? {} : { validator }) });
  }
  return [...patterns.values()];
}

const COMPILED = new WeakMap<DlpPattern, CompiledPattern>();

/**
 * Compiles one pattern, which takes about a millisecond; the built-in ones once for all sets.
 * @throws DlpPatternError
 */
export function compilePattern(pattern: DlpPattern): CompiledPattern {
  const compiled = COMPILED.get(pattern) ?? compile(pattern);
  COMPILED.set(pattern, compiled);
  return compiled;
}

function compile(pattern: DlpPattern): CompiledPattern {
  const { id, severity, tags, validator } = pattern;
  if (pattern.pattern.length > 2_000) throw new DlpPatternError(id, 'longer than 2000 characters');
  if (hasAnchor(pattern.pattern)) {
    throw new DlpPatternError(id, 'anchors (^ $ \\A \\z) are not supported, patterns look inside texts');
  }
  let automaton: RuleAutomaton;
  try {
    automaton = new RuleAutomaton(RE2JS.compile(pattern.pattern));
  } catch (error) {
    throw new DlpPatternError(id, error instanceof Error ? error.message : 'does not compile');
  }
  const isEmptyMatch = [automaton.start(false), automaton.start(true)].some(({ ends }) => ends !== 0);
  if (isEmptyMatch) throw new DlpPatternError(id, 'matches the empty text');
  const accepts = validator === undefined ? undefined : VALIDATORS[validator];
  const gate = gateOf(automaton);
  return { id, severity, tags, automaton, gate, beginsWord: beginsWord(automaton, gate), accepts };
}

function beginsWord(automaton: RuleAutomaton, { lookBack, literals }: Gate): boolean {
  const inWord = automaton.start(true);
  const falls = (code: number): boolean => isWord(code) && automaton.step(inWord, code) === automaton.dead;
  const firsts = literals.flatMap((literal) => [literal.charCodeAt(0), literal.toUpperCase().charCodeAt(0)]);
  return lookBack === 0 && firsts.every(falls);
}

function hasAnchor(pattern: string): boolean {
  const bare = pattern
    .replace(/\\Q.*?(\\E|$)/gs, '')
    .replace(/\\[^Az]/gs, '')
    .replace(/\[\^?\]?[^\]]*\]/g, '');
  return /[$^]|\\[Az]/.test(bare);
}
