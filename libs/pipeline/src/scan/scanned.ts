import type { Finding } from '@behavry/contracts';
import { MAX_LISTED } from '@behavry/domain';
import type { Turn } from './scan-memory';
import type { Opinion, Scanner, ScanVerdict } from './scanner';

/** What all scanners together say of a message, or of what became certain of a text. */
export interface Scanned {
  readonly verdict: ScanVerdict;
  /** At most 100; `counts` has what was not listed. */
  readonly dlp: readonly Finding[];
  readonly injection: readonly Finding[];
  /** By pattern, how many there were when more were found than listed. */
  readonly counts: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
  /** Points; 50 and more count as a high finding, 100 and more as a critical one. */
  readonly score: number;
  /** The finding that decided. */
  readonly blockedBy: Finding | null;
  /** The value with what was found taken out; the same value when nothing was found. */
  redacted(): unknown;
}

/** From the weakest to the strongest. */
const STRENGTH: readonly ScanVerdict[] = ['pass', 'redact', 'stand_in', 'hold', 'block'];

/**
 * @param turn what the value was scanned with
 * @returns the scanned form of a value (of a piece of text: `undefined`, it is redacted by its channel)
 */
export function scannedOf(
  value: unknown,
  opinions: readonly (readonly [Scanner, Opinion | undefined])[],
  turn?: Turn,
): Scanned {
  const said = opinions.filter((pair): pair is readonly [Scanner, Opinion] => isSaid(pair[1]));
  if (said.length === 0) return { ...NOTHING, redacted: () => value };
  let strongest = NO_OPINION;
  for (const [, opinion] of said)
    if (STRENGTH.indexOf(opinion.verdict) > STRENGTH.indexOf(strongest.verdict)) strongest = opinion;
  const findingsOf = (kind: Scanner['kind']): readonly Finding[] =>
    said.flatMap(([scanner, { findings }]) => (scanner.kind === kind ? findings : []));
  return {
    verdict: strongest.verdict,
    dlp: findingsOf('dlp'),
    injection: findingsOf('injection'),
    counts: Object.assign({}, ...said.map(([, { counts }]) => counts)) as Record<string, number>,
    tags: [...new Set(said.flatMap(([, { tags }]) => tags))],
    score: Math.max(...said.map(([, { score }]) => score)),
    blockedBy: strongest.decidedBy,
    redacted: once(() =>
      said.reduce((rest, [scanner]) => {
        turn?.restart();
        return scanner.redact?.(rest, turn) ?? rest;
      }, value),
    ),
  };
}

/** @returns what is said of a value together with what is said of more of it; redacted is the value alone */
export function joined(value: Scanned, more: Scanned): Scanned {
  const isStronger = STRENGTH.indexOf(more.verdict) > STRENGTH.indexOf(value.verdict);
  const { verdict, blockedBy } = isStronger ? more : value;
  const dlp = listed([...value.dlp, ...more.dlp], blockedBy);
  const injection = listed([...value.injection, ...more.injection], blockedBy);
  const counts = countsOf(value);
  for (const [pattern, count] of Object.entries(countsOf(more)))
    counts[pattern] = (counts[pattern] ?? 0) + count;
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    ...value,
    verdict,
    blockedBy,
    dlp,
    injection,
    counts: total > dlp.length + injection.length ? counts : {},
    tags: [...new Set([...value.tags, ...more.tags])],
    score: Math.max(value.score, more.score),
  };
}

/** The one that decided is always among them. */
function listed(all: readonly Finding[], decided: Finding | null): readonly Finding[] {
  const kept = all.slice(0, MAX_LISTED);
  if (decided && all.includes(decided) && !kept.includes(decided)) kept[MAX_LISTED - 1] = decided;
  return kept;
}

/** By pattern, how many there were, listed or not. */
function countsOf({ dlp, injection, counts }: Scanned): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { pattern } of [...dlp, ...injection]) all[pattern] = (all[pattern] ?? 0) + 1;
  return { ...all, ...counts };
}

export const NO_OPINION: Opinion = {
  verdict: 'pass',
  findings: [],
  counts: {},
  tags: [],
  score: 0,
  decidedBy: null,
};

const NOTHING = {
  verdict: 'pass',
  dlp: [],
  injection: [],
  counts: {},
  tags: [],
  score: 0,
  blockedBy: null,
} as const;

function isSaid(opinion: Opinion | undefined): boolean {
  return opinion !== undefined && (opinion.findings.length > 0 || Object.keys(opinion.counts).length > 0);
}

function once(make: () => unknown): () => unknown {
  let made: { readonly value: unknown } | undefined;
  return () => (made ??= { value: make() }).value;
}
