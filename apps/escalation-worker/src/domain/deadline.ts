import type { EscalationSettings, SeenRiskTier } from '@behavry/contracts';

/** Time a person has, by the risk tier of the agent (semantics: escalations). */
export const DEFAULT_DEADLINES: EscalationSettings['deadline_seconds'] = {
  low: 24 * 3600,
  medium: 4 * 3600,
  high: 30 * 60,
  critical: 5 * 60,
};

/**
 * @param openedMs when the call was held, milliseconds since the Unix epoch
 * @param settings the tenant's own deadlines, when there are any
 * @returns when the escalation runs out
 */
export function deadlineOf(
  openedMs: number,
  tier: SeenRiskTier,
  settings: EscalationSettings | undefined,
): Date {
  // An agent of which nothing is known is no low risk.
  const known = tier === 'unknown' ? 'high' : tier;
  const seconds = (settings?.deadline_seconds ?? DEFAULT_DEADLINES)[known];
  return new Date(openedMs + seconds * 1000);
}
