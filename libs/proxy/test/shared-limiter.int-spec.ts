import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenBucketLimiter, type RateAnswer, type RateLimit } from '@behavry/pipeline';
import {
  createLogger,
  databaseLogin,
  migratePlane,
  PgPlaneBuckets,
  PlaneKeys,
  RedisPlaneBuckets,
  type PlaneBuckets,
} from '@behavry/platform';
import {
  describeWithRedis,
  freePort,
  startTestPostgres,
  startTestRedis,
  tempDir,
  type TestPostgres,
  type TestRedis,
} from '@behavry/test-components';
import { SharedLimiter } from '../src/limits/shared-limiter';

const log = createLogger('mcp-proxy', 'silent', {});
const RUN_MS = 4_000;

describeWithRedis('limits that several processes count together', () => {
  const closers: (() => unknown)[] = [];
  const keys = PlaneKeys.readOrMake(join(tempDir('proxy'), 'plane.key'));
  let postgres: TestPostgres;
  let redis: TestRedis | undefined;
  let dbUrl: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    redis = await startTestRedis();
    dbUrl = await postgres.createDatabase();
    await migratePlane({ ownerUrl: dbUrl, schemas: [], keys, log });
  }, 120_000);
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
    await redis?.stop();
    await postgres.stop();
  });

  const opened = {
    redis: (): PlaneBuckets => new RedisPlaneBuckets(redis?.url ?? '', 'test', log),
    postgres: (): PlaneBuckets => new PgPlaneBuckets(databaseLogin(dbUrl, 'app', keys), log),
  };

  function limiterOver(buckets: PlaneBuckets): SharedLimiter {
    const limiter = new SharedLimiter({
      buckets,
      local: new TokenBucketLimiter(() => Date.now()),
      log,
    });
    closers.push(
      () => buckets.close(),
      () => limiter.close(),
    );
    return limiter;
  }

  /** Calls again and again, some at once, until the time is over. @returns how many there were and how many passed */
  async function flood(
    limiter: SharedLimiter,
    limits: readonly RateLimit[],
    atOnce: number,
  ): Promise<{ taken: number; passed: number }> {
    const end = performance.now() + RUN_MS;
    let taken = 0;
    let passed = 0;
    while (performance.now() < end) {
      const answers: (RateAnswer | Promise<RateAnswer>)[] = [];
      for (let n = 0; n < atOnce; n++) answers.push(limiter.take(limits));
      for (const answer of answers) if ((await answer).allowed) passed += 1;
      taken += atOnce;
      await sleep(5);
    }
    return { taken, passed };
  }

  describe.each(['redis', 'postgres'] as const)('on %s', (kind) => {
    it.each([
      [12, 3],
      [600, 3],
      [6_000, 2],
      [20_000, 2],
    ])(
      'let %d a minute through, not more, and most of it (%d processes)',
      async (perMinute, count) => {
        const limits = [
          { key: `calls:agent:${kind}-${String(perMinute)}`, perMinute },
          { key: `calls:tenant:${kind}-${String(perMinute)}`, perMinute: perMinute * 10 },
        ];
        const limiters = Array.from({ length: count }, () => limiterOver(opened[kind]()));
        for (const limiter of limiters) await limiter.start();
        const begun = performance.now();
        const atOnce = Math.max(10, perMinute / 100);
        const found = await Promise.all(limiters.map((limiter) => flood(limiter, limits, atOnce)));
        const one = perMinute * (1 + (performance.now() - begun) / 60_000);
        const sum = (what: 'taken' | 'passed'): number => found.reduce((all, each) => all + each[what], 0);
        expect(sum('taken')).toBeGreaterThan(1.5 * one);
        expect(sum('passed')).toBeLessThanOrEqual(one);
        expect(sum('passed')).toBeGreaterThan(0.9 * one);
        expect(limiters.map(({ isShared }) => isShared)).toEqual(limiters.map(() => true));
      },
      20_000,
    );
  });

  it('are counted by each process alone when nobody answers', async () => {
    const url = `redis://127.0.0.1:${String(await freePort())}`;
    const limiter = limiterOver(new RedisPlaneBuckets(url, 'gone', log));
    await limiter.start();
    expect(limiter.isShared).toBe(false);
    const limits = [{ key: 'calls:agent:a', perMinute: 1 }];
    expect(limiter.take(limits)).toEqual({ allowed: true });
    expect(limiter.take(limits)).toMatchObject({ allowed: false });
  });
});
