import type { PlanTier } from '@behavry/db-control';
import { ProblemError } from '@behavry/platform';

const SMALLEST_FIRST: readonly PlanTier[] = ['trial', 'professional', 'enterprise'];

/**
 * Refuses to set what a tenant's plan does not hold. Nobody is asked who reads, takes something away, or enforces what
 * was set before (semantics: plans).
 * @throws ProblemError 402
 */
export function requirePlan(plan: PlanTier, least: PlanTier, feature: string): void {
  if (SMALLEST_FIRST.indexOf(plan) >= SMALLEST_FIRST.indexOf(least)) return;
  throw new ProblemError(
    'plan_required',
    `${feature}: from the plan ${least} on; this tenant's is ${plan}.`,
    {
      members: { required_plan: least },
    },
  );
}
