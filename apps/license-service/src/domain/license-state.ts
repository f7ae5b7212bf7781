import type { LicenseState } from '@behavry/contracts';

/** Days between the first failed check and enforcement (contract: license validation). */
export const GRACE_DAYS = 7;
const DAY_MS = 86_400_000;
const EXPIRING_DAYS = 30;

/** What one check of the licence came to. */
export type LicenseCheck =
  | {
      readonly kind: 'valid';
      readonly planTier: string | null;
      readonly expiresAt: string | null;
      readonly maxAgents: number | null;
    }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'token_refused' }
  | { readonly kind: 'unreachable' };

export const UNCHECKED: LicenseState = {
  state: 'unchecked',
  plan_tier: null,
  expires_at: null,
  max_agents: null,
  checked_at: null,
  first_failure_at: null,
  reason: null,
};

/**
 * The licence state after a check (semantics: licence). A control plane that does not answer says nothing
 * about the licence. The first failure is remembered, so neither a restart nor a further failure moves the
 * end of the grace period; a valid answer ends it.
 * @param now milliseconds since the Unix epoch
 */
export function afterCheck(previous: LicenseState, check: LicenseCheck, now: number): LicenseState {
  switch (check.kind) {
    case 'unreachable':
      return atTime(previous, now);
    case 'valid':
      return atTime(
        {
          ...UNCHECKED,
          state: 'active',
          plan_tier: check.planTier,
          expires_at: check.expiresAt,
          max_agents: check.maxAgents,
          checked_at: iso(now),
        },
        now,
      );
    case 'invalid':
    case 'token_refused':
      return atTime(
        {
          ...previous,
          checked_at: iso(now),
          first_failure_at: previous.first_failure_at ?? iso(now),
          reason: check.kind === 'invalid' ? 'license_invalid' : 'token_refused',
        },
        now,
      );
  }
}

/**
 * The same licence at a later time. A clock that was set back does not bring the past again: time never
 * counts as earlier than the last check.
 */
export function atTime(license: LicenseState, now: number): LicenseState {
  const time = Math.max(now, ms(license.checked_at) ?? now, ms(license.first_failure_at) ?? now);
  const expiry = ms(license.expires_at);
  if (license.first_failure_at === null && expiry !== undefined && expiry <= time) {
    return atTime({ ...license, first_failure_at: license.expires_at, reason: 'license_expired' }, now);
  }
  const failedAt = ms(license.first_failure_at);
  if (failedAt !== undefined) {
    return { ...license, state: time - failedAt >= GRACE_DAYS * DAY_MS ? 'enforced' : 'grace' };
  }
  if (license.checked_at === null) return { ...license, state: 'unchecked' };
  const isExpiring = expiry !== undefined && expiry - time <= EXPIRING_DAYS * DAY_MS;
  return { ...license, state: isExpiring ? 'expiring' : 'active' };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function ms(time: string | null): number | undefined {
  return time === null ? undefined : Date.parse(time);
}
