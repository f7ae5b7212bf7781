// Budgets of a plane with two proxies: one account, however many count, and what happens while the store is away.
import { describeWithOpa, eventually, type TestReplica } from '@behavry/testing';
import { BudgetPlane, reservedFor, USED } from './budget-plane';
import type { LlmPlane } from './llm-plane';

const SHORT = { max_tokens: 100 };
const RESERVED = reservedFor('gpt', 100);

describeWithOpa('budgets of two proxies', () => {
  let budgets: BudgetPlane;
  let plane: LlmPlane;
  let other: TestReplica;

  beforeAll(async () => {
    budgets = await BudgetPlane.start();
    ({ plane } = budgets);
    other = await plane.proxy.replica();
  }, 120_000);
  afterAll(() => budgets.stop());
  beforeEach(() => budgets.forget());
  afterEach(() => release?.());

  let release: (() => Promise<void>) | undefined;

  /** Keeps everybody from the store. */
  async function hold(): Promise<void> {
    const holder = await budgets.database.connect();
    await holder.query('BEGIN; LOCK TABLE plane.spending IN ACCESS EXCLUSIVE MODE');
    release = async () => {
      release = undefined;
      await holder.query('ROLLBACK');
      holder.release();
    };
  }

  async function ask(url = plane.proxy.url, more: object = SHORT): Promise<number> {
    const response = await fetch(`${url}/api/v1/openai/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify(plane.ask('gpt', more)),
      headers: { authorization: `Bearer ${plane.token()}`, 'content-type': 'application/json' },
    });
    await response.text();
    return response.status;
  }

  const spent = (amount: number): Promise<void> =>
    eventually(async () => {
      expect(await budgets.counted('tokens')).toEqual({ spent: amount, held: 0 });
    });
  const isShared = async (): Promise<boolean> =>
    (await plane.proxy.context.metrics.metrics()).includes('behavry_llm_proxy_budgets_shared 1');

  it('are one budget: never more is let through than it holds, and all of it is used', async () => {
    const limit = 600;
    await budgets.set([{ scope: 'tenant', tokens: limit }, { tokens: limit * 2 }]);
    await eventually(async () => {
      expect(await ask(other.url, { max_tokens: 10_000 })).toBe(429);
    });
    let passed = 0;
    for (let through = 1; through > 0;) {
      const statuses = await Promise.all(
        Array.from({ length: 16 }, (_, n) => ask(n % 2 === 0 ? plane.proxy.url : other.url)),
      );
      through = statuses.filter((status) => status === 200).length;
      expect(statuses.filter((status) => status !== 200 && status !== 429)).toEqual([]);
      passed += through;
      await eventually(async () => {
        expect((await budgets.counted('tokens:tenant')).held).toBe(0);
      });
    }
    expect(plane.provider.seen).toHaveLength(passed);
    const counted = await budgets.counted('tokens:tenant');
    expect(counted.spent).toBe(passed * USED);
    expect(counted.spent).toBeLessThanOrEqual(limit);
    expect(counted.spent + RESERVED).toBeGreaterThan(limit);
  });

  it('are counted alone while the store is away, on from what was known, and together again afterwards', async () => {
    const limit = 1_000;
    await budgets.set([{ tokens: limit }]);
    expect(await ask()).toBe(200);
    await spent(USED);
    // The process hears of it with its next call.
    await budgets.use('tokens', limit - RESERVED - 2 * USED);
    expect(await ask()).toBe(200);
    await spent(limit - RESERVED);
    await hold();
    const begun = performance.now();
    expect(await ask()).toBe(200);
    expect(performance.now() - begun).toBeLessThan(1_500);
    expect(await isShared()).toBe(false);
    expect(
      plane.proxy.log.filter((line) => line.includes('the store of budgets does not answer')),
    ).toHaveLength(1);
    // There was room for one.
    expect([await ask(), await ask()]).toEqual([429, 429]);
    await release?.();
    await eventually(async () => {
      expect(await isShared()).toBe(true);
    });
    await spent(limit - RESERVED + USED);
    expect(await ask(other.url)).toBe(429);
  }, 30_000);

  it('are none of the business of a call that none holds for: it does not wait for their store', async () => {
    await budgets.set([{ scope: 'owner', id: 'Bob', tokens: 1 }]);
    await hold();
    expect(await ask()).toBe(200);
    expect(await isShared()).toBe(true);
    await release?.();
  });
});
