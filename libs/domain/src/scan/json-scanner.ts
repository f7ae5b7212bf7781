import type { Finding } from '@behavry/contracts';
import { blockingFinding } from './judge-findings';
import { eachText, pointerTo, type Place } from './json-texts';
import type { PatternSet } from './pattern-set';
import type { FoundSecrets, TextMemory } from './text-memory';
import { TextScanner } from './text-scanner';

/** More findings of one message than this are counted and not listed. */
export const MAX_LISTED = 100;

/** What was found in a message. */
export interface Findings {
  /** The first ones. */
  readonly listed: readonly Finding[];
  /** By pattern, how many there were; empty when all are listed. */
  readonly counts: Readonly<Record<string, number>>;
  /** The finding for which the message is to be blocked; always listed. */
  readonly blocking: Finding | undefined;
}

const NOTHING: Findings = { listed: [], counts: {}, blocking: undefined };

/**
 * Scans the strings of a JSON value, its member names and its long numbers.
 *
 * A finding's `field` is the JSON pointer (RFC 6901) of the string; for a finding inside a member's
 * name it is the pointer of that member followed by `#`. Names that may be data are `*`.
 * @param memory of these patterns: what is known of a text there is not searched again
 */
export function scanJson(value: unknown, patterns: PatternSet, memory?: TextMemory): Findings {
  const listed: Finding[] = [];
  const counts = new Map<string, number>();
  let total = 0;
  let blocking: Finding | undefined;
  eachText(value, (name, text, place) => {
    const { found, counts: ofText } = secretsIn(name, text, patterns, memory);
    if (found.length === 0) return;
    for (const [pattern, count] of ofText) {
      counts.set(pattern, (counts.get(pattern) ?? 0) + count);
      total += count;
    }
    if (place && found.some((finding) => isInName(finding, name))) place.isNameFound = true;
    if (listed.length >= MAX_LISTED && blocking) return;
    const here = placed(found, name, place);
    listed.push(...here.slice(0, MAX_LISTED - listed.length));
    blocking ??= blockingFinding(here);
  });
  if (total === 0) return NOTHING;
  // However many harmless findings come first, the one that blocks is seen.
  if (blocking && !listed.includes(blocking)) listed[listed.length - 1] = blocking;
  return { listed, counts: total > listed.length ? Object.fromEntries(counts) : {}, blocking };
}

const CLEAN: FoundSecrets = { found: [], counts: new Map() };

/** @param text undefined when only the name is a text @returns what is found in both, as `name=text` has it */
export function secretsIn(
  name: string,
  text: string | undefined,
  patterns: PatternSet,
  memory?: TextMemory,
): FoundSecrets {
  return memory && text !== undefined
    ? memory.recall('dlp', name, text, () => searched(name, text, patterns))
    : searched(name, text, patterns);
}

function searched(name: string, text: string | undefined, patterns: PatternSet): FoundSecrets {
  if (!mayHold(name, text, patterns)) return CLEAN;
  const scanner = new TextScanner(patterns);
  const found = scanner.whole(textWithName(name, text));
  return found.length === 0 ? CLEAN : { found, counts: scanner.counts() };
}

/** One pass over the characters that tells most texts to be clean. */
function mayHold(name: string, text: string | undefined, { literals }: PatternSet): boolean {
  const behindName = literals.reach(name, 0);
  if (behindName < 0) return true;
  return text !== undefined && literals.reach(text, name === '' ? 0 : literals.reach('=', behindName)) < 0;
}

/** A member's name is put before its value, so that patterns see what it is called. */
function textWithName(name: string, text: string | undefined): string {
  if (name === '' || text === undefined) return text ?? name;
  return `${name}=${text}`;
}

/** Whether a finding lies in the member's name alone. */
export function isInName({ span }: Finding, name: string): boolean {
  return name !== '' && span[1] <= name.length + 1;
}

function placed(found: readonly Finding[], name: string, place: Place | undefined): readonly Finding[] {
  const pointer = pointerTo(place);
  const valueAt = name === '' ? 0 : name.length + 1;
  return found.map((finding): Finding => {
    const [start, end] = finding.span;
    if (isInName(finding, name))
      return { ...finding, field: `${pointer}#`, span: [start, Math.min(end, name.length)] };
    return { ...finding, field: pointer, span: [Math.max(0, start - valueAt), end - valueAt] };
  });
}
