import type { RateAnswer, RateLimit } from '@behavry/pipeline';
import { limiters } from '../../test/limiters';
import type { SharedLimiter } from './shared-limiter';

const its = limiters();

/** One call, with the answering time of the store. */
async function take(limiter: SharedLimiter, ...limits: RateLimit[]): Promise<RateAnswer> {
  const answer = Promise.resolve(limiter.take(limits));
  await its.pass(its.buckets.answerMs * 3);
  return answer;
}

const all = (answers: readonly (RateAnswer | Promise<RateAnswer>)[]): Promise<readonly RateAnswer[]> =>
  Promise.all(answers.map((answer) => Promise.resolve(answer)));

describe('limits below 60 a minute', () => {
  const limit = { key: 'a', perMinute: 3 };

  it('are asked for by each call, of whichever process, and tell when to come back', async () => {
    const [one, other] = [its.open(), its.open()];
    for (const limiter of [one, other, one]) expect(await take(limiter, limit)).toEqual({ allowed: true });
    expect(its.buckets.asked).toHaveLength(3);
    expect(await take(other, limit)).toEqual({ allowed: false, retryAfterSeconds: 20 });
    await its.pass(20_000);
    expect(await take(one, limit)).toEqual({ allowed: true });
    expect(await take(one, limit)).toMatchObject({ allowed: false });
  });

  it('of which a flood asks the store once', async () => {
    const limiter = its.open();
    for (let n = 0; n < 3; n++) await take(limiter, limit);
    const flood = Array.from({ length: 50 }, () => limiter.take([limit]));
    await its.pass(100);
    expect(await all(flood)).toEqual(Array(50).fill({ allowed: false, retryAfterSeconds: 20 }));
    expect(limiter.take([limit])).toMatchObject({ allowed: false });
    expect(its.buckets.asked).toHaveLength(4);
  });

  it('count a refused call against none of them', async () => {
    const limiter = its.open();
    const [agent, tenant] = [
      { key: 'agent', perMinute: 1 },
      { key: 'tenant', perMinute: 2 },
    ];
    expect(await take(limiter, agent, tenant)).toEqual({ allowed: true });
    expect(await take(limiter, agent, tenant)).toEqual({ allowed: false, retryAfterSeconds: 60 });
    expect(await take(limiter, tenant)).toEqual({ allowed: true });
  });

  it('are forgotten when there are very many, and are then asked for anew', async () => {
    const limiter = its.open();
    const first = { key: 'first', perMinute: 1 };
    await take(limiter, first);
    expect(await take(limiter, first)).toMatchObject({ allowed: false });
    for (let n = 0; n < 50_000; n++) void limiter.take([{ key: String(n), perMinute: 0 }]);
    expect(its.buckets.asked).toHaveLength(2);
    expect(await take(limiter, first)).toMatchObject({ allowed: false });
    expect(its.buckets.asked).toHaveLength(3);
  });

  it('of zero let nothing through', () => {
    expect(its.open().take([{ key: 'a', perMinute: 0 }])).toEqual({ allowed: false, retryAfterSeconds: 60 });
  });
});

describe('limits from 60 a minute', () => {
  const limit = { key: 'a', perMinute: 6_000 };

  it('are taken ahead of need, so that calls wait for nothing', async () => {
    const limiter = its.open();
    let waited = 0;
    for (let n = 0; n < 500; n++) {
      const answer = limiter.take([limit]);
      if (answer instanceof Promise) waited += 1;
      await its.pass(20);
      expect(await answer).toEqual({ allowed: true });
    }
    expect(waited).toBeLessThan(10);
    expect(its.buckets.asked.length).toBeLessThan(150);
  });

  it('are asked for by whoever calls rarely, and then for one call', async () => {
    const limiter = its.open();
    for (let n = 0; n < 5; n++) {
      await take(limiter, limit);
      await its.pass(3_000);
    }
    expect(its.buckets.asked.map(([wish]) => wish?.amount)).toEqual([1, 1, 1, 1, 1]);
  });

  it('are never asked for by more than a twentieth, and by those who wait together', async () => {
    const limiter = its.open();
    const burst = Array.from({ length: 1_000 }, () => limiter.take([limit]));
    await its.pass(100);
    expect(await all(burst)).toEqual(Array(1_000).fill({ allowed: true }));
    expect(Math.max(...its.buckets.asked.map(([wish]) => wish?.amount ?? 0))).toBe(300);
    expect(its.buckets.asked.length).toBeLessThan(10);
  });

  it('get back what was not used, within the second', async () => {
    const limiter = its.open();
    const burst = Array.from({ length: 40 }, () => limiter.take([limit]));
    await its.pass(10);
    expect(await all(burst)).toHaveLength(40);
    const taken = its.buckets.asked.flat().reduce((sum, { amount }) => sum + amount, 0);
    expect(taken).toBeGreaterThan(40);
    await its.pass(900);
    const back = (): number[] =>
      its.buckets.asked
        .flat()
        .map(({ amount }) => amount)
        .filter((amount) => amount < 0);
    expect(back().reduce((sum, amount) => sum + amount, 0)).toBe(40 - taken);
    const times = back().length;
    await its.pass(60_000);
    expect(back()).toHaveLength(times);
  });

  it('count a call that another limit refuses against none', async () => {
    const limiter = its.open();
    const agent = { key: 'agent', perMinute: 1 };
    await take(limiter, agent, limit);
    for (let n = 0; n < 20; n++) expect(await take(limiter, agent, limit)).toMatchObject({ allowed: false });
    await its.pass(2_000);
    expect(its.buckets.level('a', 5_900, 100)).toBe(5_900);
  });

  it('hold anew when they are changed', async () => {
    const limiter = its.open();
    for (let n = 0; n < 60; n++) await take(limiter, { key: 'a', perMinute: 60 });
    expect(await take(limiter, { key: 'a', perMinute: 60 })).toMatchObject({ allowed: false });
    await its.pass(60);
    expect(await take(limiter, limit)).toEqual({ allowed: true });
  });
});

describe('a store that is away', () => {
  const limit = { key: 'a', perMinute: 2 };

  it('leaves each process to count alone, with one warning, and is used again when it is back', async () => {
    const limiter = its.open();
    its.buckets.isAway = true;
    expect(await take(limiter, limit)).toEqual({ allowed: true });
    expect(limiter.isShared).toBe(false);
    expect(limiter.take([limit])).toEqual({ allowed: true });
    expect(limiter.take([limit])).toEqual({ allowed: false, retryAfterSeconds: 30 });
    await its.pass(5_000);
    expect(its.log.warn).toHaveBeenCalledTimes(1);
    its.buckets.isAway = false;
    await its.pass(1_500);
    expect(limiter.isShared).toBe(true);
    expect(its.log.info).toHaveBeenCalledTimes(1);
    expect(await take(limiter, limit)).toEqual({ allowed: true });
  });

  it('is one that takes longer than a quarter of a second', async () => {
    const limiter = its.open();
    its.buckets.answerMs = 400;
    const answer = limiter.take([limit]);
    await its.pass(255);
    expect(await answer).toEqual({ allowed: true });
    expect(limiter.isShared).toBe(false);
  });

  it('gives nothing anew when it comes and goes', async () => {
    const limiter = its.open();
    let passed = 0;
    for (let n = 0; n < 6; n++) {
      its.buckets.isAway = n % 2 === 0;
      await its.pass(1_100);
      for (let call = 0; call < 3; call++) if ((await take(limiter, limit)).allowed) passed += 1;
    }
    // Its own two and the store's two, no more.
    expect(passed).toBe(4);
  });

  it('is noticed at the start', async () => {
    its.buckets.isAway = true;
    const limiter = its.open();
    void limiter.start();
    await its.pass(10);
    expect(limiter.isShared).toBe(false);
  });
});
