import { setImmediate as nextTurn } from 'node:timers/promises';
import { LoopTurns } from './loop-turns';

describe('turns of the event loop', () => {
  it('let everything begin at once while there is time', () => {
    const turns = new LoopTurns(() => 0);
    expect([turns.next('a'), turns.next('a'), turns.next('b')]).toEqual([undefined, undefined, undefined]);
  });

  it('put one request of a flood before that of another agent, and lose none', async () => {
    let now = 0;
    const turns = new LoopTurns(() => now);
    const begun: string[] = [];
    const begin = async (agentId: string): Promise<void> => {
      await turns.next(agentId);
      begun.push(agentId);
      now += 5;
    };
    void turns.next('noisy');
    now = 5;
    await Promise.all([...Array.from({ length: 20 }, () => begin('noisy')), begin('quiet')]);
    expect(begun).toHaveLength(21);
    expect(begun.indexOf('quiet')).toBe(1);
  });

  it('keep the order of one agent', async () => {
    let now = 0;
    const turns = new LoopTurns(() => now);
    const begun: number[] = [];
    void turns.next('a');
    now = 5;
    await Promise.all(
      [1, 2, 3, 4].map(async (at) => {
        await turns.next('a');
        begun.push(at);
        now += 5;
      }),
    );
    expect(begun).toEqual([1, 2, 3, 4]);
  });

  it('begin one costly request in each turn of the loop, and many cheap ones', async () => {
    const count = async (takesMs: number): Promise<number> => {
      let now = 0;
      const turns = new LoopTurns(() => now);
      let begun = 0;
      void turns.next('a');
      now = 5;
      for (let at = 0; at < 5; at += 1)
        void turns.next('a')?.then(() => {
          begun += 1;
          now += takesMs;
        });
      await nextTurn();
      return begun;
    };
    expect(await count(5)).toBe(1);
    expect(await count(0.1)).toBe(5);
  });
});
