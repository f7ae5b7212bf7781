import type { DlpPatternEntry, Severity } from '@behavry/contracts';
import { RE2JS, RE2Set } from 're2js';
import { BUILT_IN_DLP_PATTERNS } from './built-in-patterns';
import type { DlpPattern } from './dlp-pattern';
import { VALIDATORS } from './validators';

/** A pattern ready to search. */
export interface CompiledPattern {
  readonly id: string;
  readonly severity: Severity;
  readonly regex: RE2JS;
  readonly accepts: (text: string) => boolean;
}

// Programs larger than this make every scan slow; built-in patterns stay far below.
const LARGEST_PROGRAM = 8_000;

/** A pattern that cannot be used, and why, in words for its author. */
export class DlpPatternError extends Error {
  constructor(
    readonly patternId: string,
    fault: string,
  ) {
    super(`pattern ${patternId}: ${fault}`);
  }
}

/**
 * Compiled patterns behind one gate: a set automaton that says in one linear pass which of them can
 * match at all, so that clean texts cost one pass however many patterns there are.
 */
export class PatternSet {
  readonly patterns: readonly CompiledPattern[];
  readonly #gate: RE2Set | undefined;

  /** @throws DlpPatternError for a pattern that does not compile, has anchors or is too large */
  constructor(patterns: readonly DlpPattern[]) {
    this.patterns = patterns.map(compilePattern);
    if (patterns.length === 0) return;
    this.#gate = new RE2Set(RE2Set.UNANCHORED, 0);
    for (const { pattern } of patterns) this.#gate.add(pattern);
    this.#gate.compile();
  }

  /** @returns the patterns that match somewhere in the text, before validators */
  candidates(text: string): readonly CompiledPattern[] {
    if (!this.#gate || text === '') return [];
    return this.#gate.match(text).flatMap((index) => this.patterns[index] ?? []);
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

/**
 * Compiles one pattern, which is also the check before a tenant's pattern is saved.
 * @throws DlpPatternError
 */
export function compilePattern(pattern: DlpPattern): CompiledPattern {
  if (pattern.pattern.length > 2_000) throw new DlpPatternError(pattern.id, 'longer than 2000 characters');
  if (hasAnchor(pattern.pattern)) {
    throw new DlpPatternError(
      pattern.id,
      'anchors (^ $ \\A \\z) are not supported, patterns look inside texts',
    );
  }
  let regex: RE2JS;
  try {
    regex = RE2JS.compile(pattern.pattern);
  } catch (error) {
    throw new DlpPatternError(pattern.id, error instanceof Error ? error.message : 'does not compile');
  }
  if (regex.programSize() > LARGEST_PROGRAM) throw new DlpPatternError(pattern.id, 'too costly');
  if (regex.matcher('').matches()) throw new DlpPatternError(pattern.id, 'matches the empty text');
  const { validator } = pattern;
  return {
    id: pattern.id,
    severity: pattern.severity,
    regex,
    accepts: validator === undefined ? () => true : VALIDATORS[validator],
  };
}

function hasAnchor(pattern: string): boolean {
  const bare = pattern
    .replace(/\\Q.*?(\\E|$)/gs, '')
    .replace(/\\[^Az]/gs, '')
    .replace(/\[\^?\]?[^\]]*\]/g, '');
  return /[$^]|\\[Az]/.test(bare);
}
