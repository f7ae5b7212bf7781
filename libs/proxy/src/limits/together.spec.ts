import type { RateAnswer, RateLimit } from '@behavry/pipeline';
import { limiters } from '../../test/limiters';
import type { SharedLimiter } from './shared-limiter';

const its = limiters();

const now = (): number => performance.now();

/** Calls of a process: pauses and floods as they come. @returns when calls passed, in ms */
async function run(
  limiter: SharedLimiter,
  limits: readonly RateLimit[],
  load: { readonly ms: number; readonly gapMs: () => number; readonly burst: () => number },
): Promise<readonly number[]> {
  const passed: number[] = [];
  const calls: Promise<unknown>[] = [];
  const end = now() + load.ms;
  while (now() < end) {
    await new Promise((go) => setTimeout(go, load.gapMs()));
    for (let n = load.burst(); n > 0; n--) {
      const answer = limiter.take(limits);
      const note = ({ allowed }: RateAnswer): unknown => allowed && passed.push(now());
      if (answer instanceof Promise) calls.push(answer.then(note));
      else note(answer);
    }
  }
  await Promise.all(calls);
  return passed;
}

/** Numbers that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** What passed beyond what one bucket lets through, in the window in which it is most. */
function excess(passed: readonly number[], { perMinute }: RateLimit): number {
  let worst = -Infinity;
  let lowest = Infinity;
  for (const [index, at] of passed.entries()) {
    const flown = ((at - passed[0]!) * perMinute) / 60_000;
    lowest = Math.min(lowest, index - flown);
    worst = Math.max(worst, index + 1 - flown - lowest);
  }
  return worst - perMinute;
}

describe('several processes', () => {
  it.each([60, 120, 1_200])(
    'let no more through than one bucket in any window, under %d a minute',
    async (perMinute) => {
      const limit = { key: 'a', perMinute };
      const next = numbers(perMinute);
      const running = [its.open(), its.open(), its.open()].map((limiter) =>
        run(limiter, [limit], {
          ms: 200_000,
          // Long pauses fill the bucket, a trickle before a flood holds leases open.
          gapMs: () => (next() < 0.01 ? 40_000 * next() : 200 * next()),
          burst: () => (next() < 0.02 ? perMinute : Math.ceil(3 * next())),
        }),
      );
      await its.pass(250_000);
      const passed = (await Promise.all(running)).flat().sort((a, b) => a - b);
      expect(passed.length).toBeGreaterThan(perMinute * 2);
      expect(excess(passed, limit)).toBeLessThanOrEqual(0);
    },
  );

  it('let no more through when a full bucket and all that is held are used at once', async () => {
    const limit = { key: 'a', perMinute: 1_200 };
    const limiters = [its.open(), its.open(), its.open()];
    const trickle = { ms: 4_999, gapMs: () => 160, burst: () => 1 };
    const flood = { ms: 50, gapMs: () => 10, burst: () => 500 };
    const before = limiters.map((limiter) => run(limiter, [limit], trickle));
    await its.pass(5_120);
    const running = limiters.map((limiter) => run(limiter, [limit], flood));
    await its.pass(1_000);
    const passed = (await Promise.all([...before, ...running])).flat().sort((a, b) => a - b);
    expect(passed.length).toBeGreaterThan(1_200);
    expect(excess(passed, limit)).toBeLessThanOrEqual(0);
  });

  it.each([
    [60, 'a flood', 10, 1],
    [120, 'a flood', 20, 1],
    [1_200, 'a flood', 20, 1],
    [6_000, 'a flood', 5, 1],
    [600, 'bursts', 1_000, 12],
    [1_200, 'bursts', 2_000, 60],
  ])('two of them use 90 %% of %d a minute, %s at each', async (perMinute, _what, gapMs, burst) => {
    const limit = { key: 'a', perMinute };
    const next = numbers(perMinute);
    const load = { ms: 120_000, gapMs: () => 2 * gapMs * next(), burst: () => burst };
    const running = [run(its.open(), [limit], load), run(its.open(), [limit], load)];
    await its.pass(125_000);
    const passed = (await Promise.all(running)).flat();
    expect(passed.length).toBeGreaterThan(0.9 * 3 * perMinute);
    expect(passed.length).toBeLessThanOrEqual(3 * perMinute + (5 * perMinute) / 60);
  });

  it('refuse next to nothing of 90 % of the limit, one busy and one quiet', async () => {
    const limit = { key: 'a', perMinute: 1_200 };
    const next = numbers(7);
    const exponential = (meanMs: number) => () => -meanMs * Math.log(1 - next());
    const load = { ms: 120_000, burst: () => 1 };
    const running = [
      run(its.open(), [limit], { ...load, gapMs: exponential(1_000 / 16) }),
      run(its.open(), [limit], { ...load, gapMs: exponential(1_000 / 2) }),
    ];
    await its.pass(125_000);
    const passed = (await Promise.all(running)).flat();
    expect(passed.length).toBeGreaterThan(0.97 * 120 * 18);
  });
});
