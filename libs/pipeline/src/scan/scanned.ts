import type { Finding } from '@behavry/contracts';
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
