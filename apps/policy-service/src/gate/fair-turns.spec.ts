import { ProblemError } from '@behavry/platform';
import { FairTurns } from './fair-turns';

describe('FairTurns', () => {
  let opens: (() => void)[];
  const work = (): Promise<void> => new Promise((resolve) => opens.push(resolve));

  beforeEach(() => {
    opens = [];
  });

  it('run so many at once, make so many wait, and refuse the rest', async () => {
    const turns = new FairTurns({ atOnce: 2, atOnceOfOne: 2, maxWaiting: 1, maxWaitingOfOne: 1 });
    const taken = [turns.take('a', work), turns.take('a', work), turns.take('a', work)];
    await expect(turns.take('b', work)).rejects.toThrow(ProblemError);
    expect(opens).toHaveLength(2);
    opens[0]?.();
    await taken[0];
    expect(opens).toHaveLength(3);
    opens[1]?.();
    opens[2]?.();
    await Promise.all(taken);
    await turns.take('a', () => Promise.resolve());
  });

  it('leave room for others when one has much to do', async () => {
    const turns = new FairTurns({ atOnce: 2, atOnceOfOne: 1, maxWaiting: 9, maxWaitingOfOne: 2 });
    const taken = [turns.take('a', work), turns.take('a', work), turns.take('a', work)];
    await expect(turns.take('a', work)).rejects.toThrow(ProblemError);
    expect(opens).toHaveLength(1);
    await turns.take('b', () => Promise.resolve());
    expect(opens).toHaveLength(1);
    for (const index of [0, 1, 2]) {
      opens[index]?.();
      await taken[index];
    }
    expect(opens).toHaveLength(3);
  });

  it('give their place on when work fails', async () => {
    const turns = new FairTurns({ atOnce: 1, atOnceOfOne: 1, maxWaiting: 0, maxWaitingOfOne: 0 });
    await expect(turns.take('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take('a', () => Promise.resolve(1))).toBe(1);
  });
});
