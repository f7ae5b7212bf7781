import { PlaneSpending, type SpendingAnswer, type SpendingUse, type SpendingWish } from '@behavry/platform';
import { Spending } from './spending';

/** A store in memory, which the test takes away: then it answers nothing, whether it did what it was asked or not. */
class FakeStore extends PlaneSpending {
  readonly spent = new Map<string, number>();
  readonly held = new Map<string, number>();
  readonly #settled = new Set<string>();
  state: 'there' | 'gone' | 'deaf' = 'there';
  settlements = 0;

  reserve(id: string, _seconds: number, wishes: readonly SpendingWish[]): Promise<readonly SpendingAnswer[]> {
    return this.#told(() => {
      const answers = wishes.map(({ key, amount, limit }) => {
        const level = (this.spent.get(key) ?? 0) + this.#heldOf(key);
        return { level, fits: limit === null || level + amount <= limit };
      });
      if (answers.every(({ fits }) => fits))
        for (const { key, amount } of wishes) this.held.set(`${key} ${id}`, amount);
      return answers;
    });
  }

  settle(id: string, uses: readonly SpendingUse[]): Promise<void> {
    return this.#told(() => {
      this.settlements += 1;
      if (this.#settled.has(id)) return;
      this.#settled.add(id);
      for (const { key, used } of uses) {
        this.spent.set(key, (this.spent.get(key) ?? 0) + used);
        this.held.delete(`${key} ${id}`);
      }
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #heldOf(key: string): number {
    let held = 0;
    for (const [name, amount] of this.held) if (name.startsWith(`${key} `)) held += amount;
    return held;
  }

  #told<T>(work: () => T): Promise<T> {
    if (this.state === 'gone') return Promise.reject(new Error('gone'));
    const result = work();
    return this.state === 'deaf' ? new Promise(() => undefined) : Promise.resolve(result);
  }
}

describe('spending', () => {
  const log = { warn: jest.fn(), info: jest.fn() };
  let store: FakeStore;
  let spending: Spending;

  beforeEach(async () => {
    jest.useFakeTimers();
    log.warn.mockClear();
    log.info.mockClear();
    store = new FakeStore();
    spending = new Spending({ store, log, now: () => 0 });
    await spending.start();
  });
  afterEach(async () => {
    await spending.close();
    jest.useRealTimers();
  });

  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms);

  /** Reserves 10 of 100. */
  async function reserve(limit: number | null = 100) {
    const reserving = spending.reserve([{ key: 'k', amount: 10, limit, keepSeconds: 9 }]);
    await pass(store.state === 'there' ? 0 : 300);
    return reserving;
  }

  it('is counted by the store while it is there', async () => {
    const { isRefused, settle } = await reserve();
    expect([isRefused, store.held.size]).toEqual([false, 1]);
    settle([3]);
    await pass(0);
    expect([store.spent.get('k'), store.held.size]).toEqual([3, 0]);
    expect((await reserve(12)).isRefused).toBe(true);
    expect(log.warn).not.toHaveBeenCalled();
  });

  it.each(['gone', 'deaf'] as const)(
    'is counted alone while the store is away, on from what was known, and told it afterwards: %s',
    async (state) => {
      store.spent.set('k', 60);
      const open = await reserve();
      store.state = state;
      const alone = [await reserve(), await reserve(), await reserve()];
      // 60 were used; three times 10 fit beside the 10 of the call that is open, and no more.
      expect(alone.map(({ isRefused }) => isRefused)).toEqual([false, false, false]);
      expect((await reserve()).isRefused).toBe(true);
      expect(spending.isShared).toBe(false);
      expect(log.warn).toHaveBeenCalledTimes(1);
      alone[0]?.settle([1]);
      alone[1]?.settle([2]);
      open.settle([4]);
      // What they did not use is there for others.
      expect((await reserve()).isRefused).toBe(false);
      await pass(2_000);
      expect(store.spent.get('k')).toBe(60);
      store.state = 'there';
      await pass(1_500);
      expect(spending.isShared).toBe(true);
      expect(store.spent.get('k')).toBe(67);
      alone[2]?.settle([5]);
      await pass(0);
      expect(store.spent.get('k')).toBe(72);
    },
  );

  it('of a call whose settling was heard and not answered counts once', async () => {
    const { settle } = await reserve();
    store.state = 'deaf';
    settle([7]);
    await pass(10_000);
    expect(spending.isShared).toBe(false);
    expect(store.spent.get('k')).toBe(7);
    store.state = 'there';
    await pass(1_500);
    expect(spending.isShared).toBe(true);
    expect(store.settlements).toBeGreaterThan(1);
    expect(store.spent.get('k')).toBe(7);
  });

  it('of many calls while the store is away is told as one', async () => {
    store.state = 'gone';
    for (let call = 0; call < 500; call += 1) (await reserve(null)).settle([1]);
    store.state = 'there';
    const before = store.settlements;
    await pass(1_500);
    expect(store.spent.get('k')).toBe(500);
    // The first call was asked of the store, the others were not.
    expect(store.settlements - before).toBe(2);
  });

  it('that could not be told at the end is said', async () => {
    const { settle } = await reserve();
    store.state = 'gone';
    settle([7]);
    await pass(0);
    await spending.close();
    expect(log.warn).toHaveBeenLastCalledWith({ untold: 1 }, expect.stringContaining('was not counted'));
  });
});
