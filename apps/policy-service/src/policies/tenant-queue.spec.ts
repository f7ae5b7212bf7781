import { TenantQueue } from './tenant-queue';

describe('TenantQueue', () => {
  it('lets works of one tenant follow each other, also after a failure', async () => {
    const queue = new TenantQueue();
    const seen: string[] = [];
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const first = queue.take('a', async () => {
      await gate;
      seen.push('a1');
      throw new Error('no');
    });
    const second = queue.take('a', () => Promise.resolve(seen.push('a2')));
    await queue.take('b', () => Promise.resolve(seen.push('b1')));
    expect(seen).toEqual(['b1']);
    open();
    await expect(first).rejects.toThrow('no');
    await second;
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });
});
