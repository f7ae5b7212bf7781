import { ProblemError } from '@behavry/platform';
import { Turns } from './turns';

describe('Turns', () => {
  it('runs so many at once, makes so many wait, and refuses the rest', async () => {
    const turns = new Turns(2, 1);
    const opens: (() => void)[] = [];
    const work = (): Promise<void> => new Promise((resolve) => opens.push(resolve));
    const taken = [turns.take(work), turns.take(work), turns.take(work)];
    await expect(turns.take(work)).rejects.toThrow(ProblemError);
    expect(opens).toHaveLength(2);
    opens[0]?.();
    await taken[0];
    expect(opens).toHaveLength(3);
    opens[1]?.();
    opens[2]?.();
    await Promise.all(taken);
    await turns.take(() => Promise.resolve());
  });

  it('gives its place on when work fails', async () => {
    const turns = new Turns(1, 0);
    await expect(turns.take(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await turns.take(() => Promise.resolve(1))).toBe(1);
  });
});
