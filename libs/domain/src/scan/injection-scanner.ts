import type { Finding } from '@behavry/contracts';
import { hasLongRun } from './encoded-runs';
import { injectionPatterns, InjectionText } from './injection-text';
import { MAX_LISTED } from './json-scanner';
import { eachText, pointerTo } from './json-texts';
import type { FoundOrders, TextMemory } from './text-memory';
import { scanText } from './text-scanner';

/** What was found in a message that gives orders to its reader. */
export interface InjectionFindings {
  readonly listed: readonly Finding[];
  /** The first critical one; always listed. */
  readonly critical: Finding | undefined;
  /** By pattern, how many there were; empty when all are listed. */
  readonly counts: Readonly<Record<string, number>>;
  /** The highest sum of weights in one text; 1 is enough to withhold a result. */
  readonly score: number;
}

const NOTHING: InjectionFindings = { listed: [], critical: undefined, counts: {}, score: 0 };
/** Shorter texts give no orders. */
const SHORTEST = 12;

/**
 * Scans the strings of a JSON value and its long member names, each for itself.
 * @param memory of the rules that are in force: what is known of a text there is not searched again
 */
export function scanInjection(value: unknown, memory?: TextMemory): InjectionFindings {
  const listed: Finding[] = [];
  const counts = new Map<string, number>();
  let critical: Finding | undefined;
  let score = 0;
  let total = 0;
  eachText(value, (name, text, place) => {
    for (const [part, suffix] of [[name, '#'], [text ?? '', '']] as const) {
      if (part.length < SHORTEST) continue;
      const { found, score: sum } =
        memory && suffix === ''
          ? memory.recall('injection', name, part, () => ordersIn(part))
          : ordersIn(part);
      if (found.length === 0) continue;
      score = Math.max(score, sum);
      total += found.length;
      for (const { pattern } of found) counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
      const first = critical ?? found.find(({ severity }) => severity === 'critical');
      if (place && suffix === '#') place.isNameFound = true;
      const field = `${pointerTo(place)}${suffix}`;
      for (const finding of found) {
        const here = { ...finding, field };
        if (finding === first) critical = here;
        if (listed.length < MAX_LISTED) listed.push(here);
        else if (finding === first) listed[MAX_LISTED - 1] = here;
      }
    }
  }); // prettier-ignore
  if (total === 0) return NOTHING;
  return { listed, critical, score, counts: total > listed.length ? Object.fromEntries(counts) : {} };
}

const PLAIN: FoundOrders = { found: [], score: 0 };

function ordersIn(text: string): FoundOrders {
  if (isPlain(text)) return PLAIN;
  const scanner = new InjectionText();
  const found = [...scanner.push(text), ...scanner.end()];
  return found.length === 0 ? PLAIN : { found, score: scanner.score };
}

const ASCII = /^[\u0000-\u007f]*$/;

/** Most texts are ASCII without a run that may be base64; of those one search tells whether there is more to look at. */
function isPlain(text: string): boolean {
  return ASCII.test(text) && !hasLongRun(text) && scanText(text, injectionPatterns()).length === 0;
}
