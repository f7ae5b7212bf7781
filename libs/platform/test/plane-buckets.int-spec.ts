import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import { eventually } from '@behavry/test-components';
import { databaseLogin, type BucketAnswer, type PlaneBuckets } from '../src';
import { planeStores } from './plane-stores';

const stores = planeStores();
let keysMade = 0;
const newKey = (): string => `calls:agent:${String(keysMade++)}`;

/** A bucket in which nothing to speak of flows during a test. */
const still = (key: string, amount: number, least?: number) => ({
  ...{ key, capacity: 10, perSecond: 0.001, amount },
  ...(least === undefined ? {} : { least }),
});
const granted = (answers: readonly BucketAnswer[]): number[] => answers.map((answer) => answer.granted);

describe.each(['postgres', 'redis'] as const)('buckets of a plane on %s', (kind) => {
  it('hold what they can, then say how long to wait', async () => {
    const [one, other] = [stores.buckets[kind](), stores.buckets[kind]()];
    const wish = { key: newKey(), capacity: 3, perSecond: 0.5, amount: 1 };
    for (const buckets of [one, other, one])
      expect(await buckets.take([wish])).toEqual([{ granted: 1, waitMs: 0 }]);
    const [refused] = await other.take([wish]);
    expect(refused?.granted).toBe(0);
    expect(refused?.waitMs).toBeGreaterThan(1_000);
    expect(refused?.waitMs).toBeLessThanOrEqual(2_000);
  });

  it('fill by the clock of the store, up to their capacity', async () => {
    const buckets = stores.buckets[kind]();
    const wish = { key: newKey(), capacity: 2, perSecond: 20, amount: 2 };
    expect(granted(await buckets.take([wish]))).toEqual([2]);
    const [{ waitMs } = { waitMs: 0 }] = await buckets.take([wish]);
    await sleep(waitMs + 5);
    expect(granted(await buckets.take([wish]))).toEqual([2]);
    await sleep(400);
    expect(granted(await buckets.take([{ ...wish, amount: 9, least: 1 }]))).toEqual([2]);
  });

  it('give a part of what was wanted, in whole numbers, when that is better than nothing', async () => {
    const buckets = stores.buckets[kind]();
    const key = newKey();
    expect(granted(await buckets.take([still(key, 7, 1)]))).toEqual([7]);
    expect(granted(await buckets.take([still(key, 7)]))).toEqual([0]);
    expect(granted(await buckets.take([still(key, 7, 1)]))).toEqual([3]);
    expect(granted(await buckets.take([still(key, 7, 1)]))).toEqual([0]);
  });

  it('give all of a list or nothing', async () => {
    const buckets = stores.buckets[kind]();
    const [full, poor] = [newKey(), newKey()];
    await buckets.take([still(poor, 9)]);
    const [first, second] = await buckets.take([still(full, 2), still(poor, 2)]);
    expect(first).toEqual({ granted: 0, waitMs: 0 });
    expect(second?.granted).toBe(0);
    expect(second?.waitMs).toBeGreaterThan(0);
    expect(granted(await buckets.take([still(full, 10), still(poor, 1)]))).toEqual([10, 1]);
  });

  it('take back what was not used, and hold no more than they do', async () => {
    const buckets = stores.buckets[kind]();
    const [key, untouched] = [newKey(), newKey()];
    await buckets.take([still(key, 10)]);
    expect(granted(await buckets.take([still(key, -4), still(untouched, -5)]))).toEqual([-4, -5]);
    expect(granted(await buckets.take([still(key, 99, 1), still(untouched, 99, 1)]))).toEqual([4, 10]);
  });

  it('take nothing of nothing', async () => {
    const buckets = stores.buckets[kind]();
    const key = newKey();
    await buckets.take([still(key, 10)]);
    expect(await buckets.take([still(key, 0)])).toEqual([{ granted: 0, waitMs: 0 }]);
  });

  it('never give more than one bucket holds, however many ask at once and in whatever order', async () => {
    const processes = Array.from({ length: 3 }, () => stores.buckets[kind]());
    const [a, b] = [newKey(), newKey()];
    const wish = (key: string) => ({ key, capacity: 100, perSecond: 50, amount: 1 });
    const begun = performance.now();
    let passed = 0;
    const ask = async (buckets: PlaneBuckets, turn: number): Promise<void> => {
      const wishes = turn % 2 === 0 ? [wish(a), wish(b)] : [wish(b), wish(a)];
      const [first, second] = granted(await buckets.take(wishes));
      expect(first).toBe(second);
      passed += first ?? 0;
    };
    for (let round = 0; round < 30; round++)
      await Promise.all(
        processes.flatMap((buckets) => Array.from({ length: 20 }, (_, turn) => ask(buckets, turn))),
      );
    const one = 100 + (50 * (performance.now() - begun)) / 1000;
    expect(passed).toBeLessThanOrEqual(one);
    expect(passed).toBeGreaterThan(one * 0.9);
  }, 30_000);

  it('are made by one of many that ask first', async () => {
    const processes = Array.from({ length: 4 }, () => stores.buckets[kind]());
    for (let round = 0; round < 25; round++) {
      const key = newKey();
      const answers = await Promise.all(
        processes.map((buckets) => buckets.take([{ key, capacity: 1, perSecond: 0.001, amount: 1 }])),
      );
      expect(granted(answers.flat()).sort()).toEqual([0, 0, 0, 1]);
    }
  });
});

it('rows of full buckets go with a later take', async () => {
  const pool = new Pool(databaseLogin(stores.url(), 'app', stores.keys));
  stores.onClose(() => pool.end());
  const filled = newKey();
  await stores.buckets.postgres().take([{ key: filled, capacity: 1, perSecond: 1_000, amount: 1 }]);
  await sleep(20);
  const draining = newKey();
  await stores.buckets.postgres().take([still(draining, 1)]);
  await eventually(async () => {
    const { rows } = await pool.query<{ key: string }>('SELECT key FROM plane.buckets WHERE key = ANY ($1)', [
      [filled, draining],
    ]);
    expect(rows.map(({ key }) => key)).toEqual([draining]);
  });
});

it('keys in Redis end when their bucket is full', async () => {
  const buckets = stores.buckets.redis();
  const [short, long] = [newKey(), newKey()];
  await buckets.take([{ key: short, capacity: 1, perSecond: 2, amount: 1 }, still(long, 1)]);
  const names = [short, long].map((key) => `test:bucket:${key}`);
  const present = async (): Promise<readonly string[]> => {
    const all = await stores.redisKeys('test:bucket:*');
    return names.filter((name) => all.includes(name));
  };
  expect(await present()).toEqual(names);
  await eventually(async () => {
    expect(await present()).toEqual(names.slice(1));
  });
});
