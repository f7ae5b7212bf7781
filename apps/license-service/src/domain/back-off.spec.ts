import { backOffMs, jitteredMs } from './back-off';

const RULE = { firstMs: 1_000, maxMs: 300_000 };

describe('back-off', () => {
  it('doubles from the first delay to five minutes and stays there', () => {
    expect([1, 2, 3, 9, 10, 400].map((failures) => backOffMs(failures, RULE, 1))).toEqual([
      1_000, 2_000, 4_000, 256_000, 300_000, 300_000,
    ]);
  });

  it('spreads waits over the upper half', () => {
    expect(backOffMs(10, RULE, 0)).toBe(150_000);
  });

  it('keeps heartbeats within ten per cent of their interval', () => {
    expect([jitteredMs(60_000, 0), jitteredMs(60_000, 1)]).toEqual([54_000, 66_000]);
  });
});
