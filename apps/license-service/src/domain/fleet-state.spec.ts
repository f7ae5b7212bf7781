import { fleetState } from './fleet-state';

const NOW = Date.UTC(2026, 0, 1);
const at = (ageSeconds: number, intervalSeconds = 60): string =>
  fleetState(NOW - ageSeconds * 1000, NOW, intervalSeconds * 1000);

describe('fleet state', () => {
  it('follows the age of the last heartbeat', () => {
    expect([0, 120, 121, 180, 181, 600, 601].map((age) => at(age))).toEqual([
      'healthy',
      'healthy',
      'late',
      'late',
      'stale',
      'stale',
      'offline',
    ]);
  });

  it('does not call a plane with a long interval offline before it is late', () => {
    expect(at(700, 600)).toBe('healthy');
  });
});
