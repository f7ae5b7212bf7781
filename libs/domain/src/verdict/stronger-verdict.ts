import type { Verdict } from '@behavry/contracts';

// Stronger verdicts have larger numbers (semantics: decisions and policy).
const STRENGTH: Readonly<Record<Verdict, number>> = { allow: 0, restrict: 1, escalate: 2, deny: 3 };

/** @returns the stronger of two verdicts; the first when they are equally strong */
export function strongerVerdict<T extends { readonly verdict: Verdict }>(first: T, second: T): T {
  return STRENGTH[second.verdict] > STRENGTH[first.verdict] ? second : first;
}
