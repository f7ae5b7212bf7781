/** What a plan grants when a tenant begins it (semantics: plans). */
export interface PlanGrant {
  /** -1 is unlimited. */
  readonly maxAgents: number;
  readonly days: number;
  readonly features: readonly string[];
}

export const PLAN_GRANTS: Readonly<Record<'trial' | 'professional' | 'enterprise', PlanGrant>> = {
  trial: { maxAgents: 25, days: 30, features: [] },
  professional: { maxAgents: 250, days: 365, features: ['siem'] },
  enterprise: { maxAgents: -1, days: 3650, features: ['siem', 'workflows', 'discovery'] },
};

/** @returns when a licence that begins now ends */
export function licenseEnd(nowMs: number, days: number): Date {
  return new Date(nowMs + days * 86_400_000);
}
