import { Turns } from './turns';

describe('Turns', () => {
  it('runs so many at once, makes so many wait, and refuses the rest', async () => {
    const turns = new Turns(2, 1, () => new Error('full'));
    const opens: (() => void)[] = [];
    const work = (): Promise<void> => new Promise((resolve) => opens.push(resolve));
    const taken = [turns.take(work), turns.take(work), turns.take(work)];
    await expect(turns.take(work)).rejects.toThrow('full');
    expect(opens).toHaveLength(2);
    opens[0]?.();
    await taken[0];
    expect(opens).toHaveLength(3);
    opens[1]?.();
    opens[2]?.();
    await Promise.all(taken);
    expect(turns.isIdle).toBe(true);
    await turns.take(() => Promise.resolve());
  });

  it('gives its place on when work fails', async () => {
    const turns = new Turns(1, 0, () => new Error('full'));
    await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take(() => Promise.resolve(1))).toBe(1);
  });
});
