import { afterFailure, USERNAME_RULE, waitMs, type Failures } from './throttle';

const START = Date.UTC(2026, 0, 1);

function failTimes(count: number, at: number): Failures | undefined {
  let failures: Failures | undefined;
  for (let index = 0; index < count; index += 1) failures = afterFailure(failures, at, USERNAME_RULE);
  return failures;
}

describe('sign-in throttle', () => {
  it('lets the first five misses pass without a wait', () => {
    expect(waitMs(undefined, START, USERNAME_RULE)).toBe(0);
    expect(waitMs(failTimes(4, START), START, USERNAME_RULE)).toBe(0);
  });

  it('makes the sixth try wait two seconds and doubles from there', () => {
    expect(waitMs(failTimes(5, START), START, USERNAME_RULE)).toBe(2_000);
    expect(waitMs(failTimes(6, START), START, USERNAME_RULE)).toBe(4_000);
    expect(waitMs(failTimes(8, START), START, USERNAME_RULE)).toBe(16_000);
  });

  it('counts the time that has already passed', () => {
    expect(waitMs(failTimes(5, START), START + 1_500, USERNAME_RULE)).toBe(500);
    expect(waitMs(failTimes(5, START), START + 2_000, USERNAME_RULE)).toBe(0);
  });

  it('never waits longer than five minutes, however many misses there were', () => {
    expect(waitMs({ count: 5_000, lastAt: START }, START, USERNAME_RULE)).toBe(300_000);
  });

  it('forgives after a quarter of an hour of silence', () => {
    const failures = failTimes(40, START);
    expect(waitMs(failures, START + 900_000, USERNAME_RULE)).toBe(0);
    expect(afterFailure(failures, START + 900_000, USERNAME_RULE).count).toBe(1);
  });
});
