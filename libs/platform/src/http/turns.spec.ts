import { Turns, type TurnLimits } from './turns';

describe('Turns', () => {
  let opens: (() => void)[];
  const work = (): Promise<void> => new Promise((resolve) => opens.push(resolve));
  const turnsOf = (limits: TurnLimits): Turns => new Turns(limits, () => new Error('full'));

  beforeEach(() => {
    opens = [];
  });

  it('runs so many at once, makes so many wait, and refuses the rest', async () => {
    const turns = turnsOf({ atOnce: 2, maxWaiting: 1 });
    const taken = [turns.take(work), turns.take(work), turns.take(work)];
    await expect(turns.take(work, 'other')).rejects.toThrow('full');
    expect(opens).toHaveLength(2);
    opens[0]?.();
    await taken[0];
    expect(opens).toHaveLength(3);
    opens[1]?.();
    opens[2]?.();
    await Promise.all(taken);
    await turns.take(() => Promise.resolve());
  });

  it('leaves room for others when one has much to do', async () => {
    const turns = turnsOf({ atOnce: 2, atOnceOfOne: 1, maxWaiting: 9, maxWaitingOfOne: 2 });
    const taken = [turns.take(work, 'a'), turns.take(work, 'a'), turns.take(work, 'a')];
    await expect(turns.take(work, 'a')).rejects.toThrow('full');
    expect(opens).toHaveLength(1);
    await turns.take(() => Promise.resolve(), 'b');
    expect(opens).toHaveLength(1);
    for (const index of [0, 1, 2]) {
      opens[index]?.();
      await taken[index];
    }
    expect(opens).toHaveLength(3);
  });

  it('gives its place on when work fails', async () => {
    const turns = turnsOf({ atOnce: 1, maxWaiting: 0 });
    await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take(() => Promise.resolve(1))).toBe(1);
  });
});
