import { eventually } from '@behavry/test-components';
import { planeStores } from './plane-stores';

const stores = planeStores();

describe.each(['postgres', 'redis'] as const)('what a plane remembers on %s', (kind) => {
  it('is there for every process, the newest under each name', async () => {
    const [one, other] = [stores.memory[kind](), stores.memory[kind]()];
    await one.put([], 60);
    await one.put(
      [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
      ],
      60,
    );
    await one.put([{ key: 'a', value: '3' }], 60);
    expect(await other.get(['b', 'nothing', 'a'])).toEqual(['2', undefined, '3']);
    expect(await other.get([])).toEqual([]);
  });

  it('is taken by one of many', async () => {
    const all = Array.from({ length: 4 }, () => stores.memory[kind]());
    await all[0]?.put([{ key: 'once', value: 'x' }], 60);
    const taken = await Promise.all(all.map((memory) => memory.take('once')));
    expect(taken.filter((value) => value !== undefined)).toEqual(['x']);
    expect(await all[0]?.get(['once'])).toEqual([undefined]);
  });

  it('is forgotten when its time is over', async () => {
    const memory = stores.memory[kind]();
    await memory.put(
      [
        { key: 'short', value: 'x' },
        { key: 'shorter', value: 'x' },
      ],
      1,
    );
    expect(await memory.get(['short'])).toEqual(['x']);
    await eventually(async () => {
      expect(await memory.get(['short'])).toEqual([undefined]);
    });
    expect(await memory.take('shorter')).toBeUndefined();
    await memory.put([{ key: 'short', value: 'again' }], 60);
    expect(await memory.get(['short'])).toEqual(['again']);
  });
});
