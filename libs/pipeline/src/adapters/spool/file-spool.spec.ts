import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MAX_AUDIT_ENTRY_BYTES } from '@behavry/contracts';
import { decision, outcome } from '../../../test/entries';
import { entriesFrom, SpoolFolder } from '../../../test/spool-folder';
import { EntryTooLargeError } from './file-spool';
import { encodeLine } from './spool-line';

const folder = SpoolFolder.forEach();

describe('the file spool', () => {
  it('keeps entries in order under contiguous positions, over segments and restarts', async () => {
    const first = await folder.open();
    for (let n = 1; n <= 20; n++)
      await Promise.all([first.append(decision(`e${String(n)}`)), first.append(outcome(`e${String(n)}`))]);
    expect(folder.segments().length).toBeGreaterThan(2);
    const { id } = first;
    await first.close();

    const second = await folder.open();
    expect(second.id).toBe(id);
    expect(second.last).toBe(40);
    await second.append(decision('e21'));
    const seen: string[] = [];
    for (let position = 1; position <= second.last;) {
      const entries = await entriesFrom(second, position, 7);
      seen.push(...entries.map((entry) => entry.id));
      position += entries.length;
    }
    expect(seen).toEqual([
      ...Array.from({ length: 20 }, (_, n) => [`e${String(n + 1)}`, `e${String(n + 1)}`]).flat(),
      'e21',
    ]);
    await second.close();
  });

  it('gives the unfinished exchanges of a killed process an outcome', async () => {
    const killed = await folder.open();
    await killed.append(decision('done'));
    await killed.append(decision('cut'));
    await killed.append(outcome('done'));
    // No close: the lock stays, as after kill -9; its holder counts as gone because it is this process.
    const restarted = await folder.open();
    expect(await entriesFrom(restarted, 4)).toMatchObject([
      { type: 'outcome', id: 'cut', outcome: 'aborted', error: 'process_restarted' },
    ]);
    await restarted.close();
    const again = await folder.open();
    expect(again.last).toBe(4);
    await again.close();
  });

  it('goes on behind the last position when it is opened again and again, though all is stored', async () => {
    const spool = await folder.open();
    await spool.append(outcome('a'));
    await spool.close();
    for (let n = 0; n < 3; n++) {
      const again = await folder.open();
      expect(again.last).toBe(1);
      await again.acknowledge(1);
      await again.close();
    }
    const last = await folder.open();
    await last.append(outcome('b'));
    expect((await entriesFrom(last, 2)).map(({ id }) => id)).toEqual(['b']);
    await last.close();
  });

  it('reads by position, whatever else lies in the file', async () => {
    const spool = await folder.open();
    for (const id of ['a', 'b', 'c']) await spool.append(outcome(id));
    const file = join(folder.path, folder.segments()[0] ?? '');
    await spool.close();
    const next = await folder.open();
    // What a process left that was frozen while another took its folder.
    const [first = '', ...others] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(
      file,
      [first, encodeLine(1, JSON.stringify(outcome('stray'))).trimEnd(), ...others].join('\n'),
    );
    expect((await entriesFrom(next, 2)).map(({ id }) => id)).toEqual(['b', 'c']);
    await next.close();
  });

  it('is full at its size, takes outcomes still, and takes decisions again after an acknowledgement', async () => {
    const spool = await folder.open({ maxBytes: 10_000 });
    let count = 0;
    while (!spool.isFull) await spool.append(decision(`e${String(++count)}`));
    for (let n = 1; n <= count; n++) await spool.append(outcome(`e${String(n)}`));
    await spool.acknowledge(spool.last);
    expect(spool.isFull).toBe(false);
    expect(spool.backlog).toBe(0);
    expect(folder.segments()).toHaveLength(1);
    await spool.append(decision('next'));
    await spool.close();
    const reopened = await folder.open();
    expect(reopened.last).toBe(2 * count + 2); // "next" was closed as aborted
    await reopened.close();
  });

  it('keeps a decision whose outcome is missing, though it is acknowledged', async () => {
    const spool = await folder.open();
    await spool.append(decision('open'));
    for (let n = 0; n < 30; n++) {
      await spool.append(decision(`e${String(n)}`));
      await spool.append(outcome(`e${String(n)}`));
    }
    await spool.acknowledge(spool.last);
    expect(spool.oldest).toBe(1);
    await spool.append(outcome('open'));
    await spool.acknowledge(spool.last);
    expect(spool.oldest).toBeGreaterThan(1);
    await spool.close();
  });

  it('takes no entry that is larger than a record may be, and all others', async () => {
    const spool = await folder.open();
    const large = { ...decision('a'), extra: { text: 'ä'.repeat(MAX_AUDIT_ENTRY_BYTES / 2) } };
    await expect(spool.append(large)).rejects.toThrow(EntryTooLargeError);
    expect(spool.isFull).toBe(false);
    await spool.append(decision('b'));
    expect(spool.last).toBe(1);
    await spool.close();
  });

  it('writes appends that come together at once', async () => {
    const spool = await folder.open({ segmentBytes: 10_000_000, maxBytes: 100_000_000 });
    const started = performance.now();
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => spool.append(decision(String(n)))));
    expect(spool.last).toBe(5_000);
    expect(performance.now() - started).toBeLessThan(5_000);
    await spool.close();
  });

  it('rejects the append and counts as full when it cannot write', async () => {
    const spool = await folder.open({ segmentBytes: 1 });
    await spool.append(decision('a'));
    rmSync(folder.path, { recursive: true }); // the next segment cannot be made
    await expect(spool.append(decision('b'))).rejects.toThrow();
    expect(spool.isFull).toBe(true);
    expect(spool.last).toBe(1);
  });
});
