import type { LicenseState } from '@behavry/contracts';
import { afterCheck, atTime, UNCHECKED } from './license-state';

const START = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;
const VALID = {
  kind: 'valid',
  planTier: 'enterprise',
  expiresAt: '2027-01-01T00:00:00.000Z',
  maxAgents: -1,
} as const;

describe('licence state', () => {
  it('is unchecked until the control plane has answered once', () => {
    expect(afterCheck(UNCHECKED, { kind: 'unreachable' }, START).state).toBe('unchecked');
    expect(afterCheck(UNCHECKED, VALID, START)).toMatchObject({
      state: 'active',
      plan_tier: 'enterprise',
      max_agents: -1,
    });
  });

  it('gives seven days from the first failure, however often it fails again', () => {
    let license: LicenseState = afterCheck(UNCHECKED, { kind: 'invalid' }, START);
    expect(license).toMatchObject({ state: 'grace', first_failure_at: '2026-01-01T00:00:00.000Z' });
    license = afterCheck(license, { kind: 'invalid' }, START + 3 * DAY);
    license = afterCheck(license, { kind: 'unreachable' }, START + 7 * DAY - 1);
    expect(license.state).toBe('grace');
    license = atTime(license, START + 7 * DAY);
    expect(license.state).toBe('enforced');
    expect(license.first_failure_at).toBe('2026-01-01T00:00:00.000Z');
  });

  it('ends grace and enforcement with one valid answer', () => {
    const enforced = atTime(afterCheck(UNCHECKED, { kind: 'invalid' }, START), START + 30 * DAY);
    expect(enforced.state).toBe('enforced');
    expect(afterCheck(enforced, VALID, START + 30 * DAY)).toMatchObject({
      state: 'active',
      first_failure_at: null,
    });
  });

  it('keeps its verdict through an outage of the control plane', () => {
    const license = afterCheck(UNCHECKED, VALID, START);
    expect(afterCheck(license, { kind: 'unreachable' }, START + 20 * DAY)).toEqual(license);
  });

  it('is expiring in its last thirty days, then in grace from its end, then enforced', () => {
    const end = Date.parse(VALID.expiresAt);
    const license = afterCheck(UNCHECKED, VALID, START);
    expect(atTime(license, end - 31 * DAY).state).toBe('active');
    expect(atTime(license, end - 30 * DAY).state).toBe('expiring');
    expect(atTime(license, end)).toMatchObject({ state: 'grace', reason: 'license_expired' });
    expect(atTime(license, end + 7 * DAY).state).toBe('enforced');
  });

  it('does not go back when the clock is set back', () => {
    const later = START + 8 * DAY;
    const failed = afterCheck(afterCheck(UNCHECKED, { kind: 'invalid' }, START), { kind: 'invalid' }, later);
    expect(failed.state).toBe('enforced');
    expect(atTime(failed, START).state).toBe('enforced');
  });
});
