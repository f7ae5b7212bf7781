import { percentile, ratiosOf, type Measured } from './figures';

const measured = (way: string, cpuPerCall: number, calls: number, p50: number): Measured => ({
  way,
  closed: { calls, errors: 0, seconds: 1, p50, p99: p50 },
  paced: { calls, errors: 0, seconds: 1, p50, p99: p50 * 2 },
  cpuPerCall,
  cpuPerCallOf: {},
});

describe('the figures', () => {
  it('compare a way with the pass-through, and its latency with the upstream alone', () => {
    const ratios = ratiosOf(
      measured('standalone', 800, 500, 3),
      measured('floor', 100, 1000, 1.5),
      measured('direct', 0, 2000, 1),
    );
    expect(ratios).toEqual({ way: 'standalone', cpu: 8, callsPerSecond: 0.5, addedP50Ms: 2, addedP99Ms: 4 });
  });

  it('take percentiles of what was measured, not between', () => {
    expect(percentile([5, 1, 3], 0.5)).toBe(3);
    expect(percentile([1, 2, 3, 4], 0.99)).toBe(4);
    expect(percentile([], 0.5)).toBeNaN();
  });
});
