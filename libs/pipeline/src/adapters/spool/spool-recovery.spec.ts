import {
  appendFileSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decision, outcome } from '../../../test/entries';
import { entriesFrom, SpoolFolder } from '../../../test/spool-folder';
import { encodeLine } from './spool-line';
import type { SpoolDamage } from './spool-recovery';

const folder = SpoolFolder.forEach();

describe('a spool that was damaged', () => {
  it('drops what a crash left half written, and writes on behind the last whole entry', async () => {
    const spool = await folder.open();
    await spool.append(decision('a'));
    await spool.append(outcome('a'));
    await spool.close();
    const file = join(folder.path, folder.segments()[0] ?? '');
    appendFileSync(file, '0123abcd {"type":"decision","id":"torn"');
    const next = await folder.open();
    expect(next.last).toBe(2);
    await next.append(decision('b'));
    const read = [...(await entriesFrom(next, 1)), ...(await entriesFrom(next, 3))];
    expect(read.map(({ id }) => id)).toEqual(['a', 'a', 'b']);
    await next.close();
    const newest = join(folder.path, folder.segments().at(-1) ?? '');
    truncateSync(newest, statSync(newest).size - 1);
    const last = await folder.open();
    expect(last.last).toBe(2);
    await last.close();
  });

  it('reads on behind a damaged line, keeps its place, and sets the file aside', async () => {
    const spool = await folder.open();
    for (const id of ['a', 'b', 'c', 'd']) await spool.append(decision(id));
    await spool.close();
    const file = join(folder.path, folder.segments()[0] ?? '');
    const lines = readFileSync(file, 'utf8').split('\n');
    // A line feed gone too: two entries are lost in one line.
    const damaged = [lines[0], `${lines[1] ?? ''}${lines[2] ?? ''}`, lines[3], ''].join('\n');
    writeFileSync(file, damaged);
    const seen: SpoolDamage[] = [];
    const next = await folder.open({ onDamage: (damage) => seen.push(damage) });
    expect(seen).toMatchObject([{ positions: [2, 3] }]);
    expect(readFileSync(seen[0]?.setAside ?? '', 'utf8')).toBe(damaged);
    const read = await entriesFrom(next, 1, 4);
    expect(read).toMatchObject([{ id: 'a' }, { type: 'lost' }, { type: 'lost' }, { id: 'd' }]);
    expect(next.last).toBe(6); // "a" and "d" were closed as aborted
    await next.close();
    const again = await folder.open({ onDamage: (damage) => seen.push(damage) });
    expect(seen).toHaveLength(1);
    expect(again.last).toBe(6);
    await again.close();
  });

  it('knows what is missing at the end of a file that is not the last', async () => {
    const spool = await folder.open({ segmentBytes: 1_000 });
    for (let n = 0; n < 6; n++) await spool.append(outcome(String(n)));
    await spool.close();
    const [first = '', second = ''] = folder.segments();
    const begins = Number(second.slice(0, 16));
    const content = readFileSync(join(folder.path, first), 'utf8');
    truncateSync(join(folder.path, first), content.lastIndexOf('\n', content.length - 2) + 1);
    const seen: SpoolDamage[] = [];
    const next = await folder.open({ onDamage: (damage) => seen.push(damage) });
    expect(seen).toMatchObject([{ positions: [begins - 1] }]);
    expect((await entriesFrom(next, begins, 1)).map(({ id }) => id)).toEqual([String(begins - 1)]);
    await next.close();
  });

  it('leaves out what a failed batch left behind when it could not be cut off', async () => {
    const spool = await folder.open({ segmentBytes: 600 });
    for (let n = 0; n < 4; n++) await spool.append(outcome(String(n)));
    await spool.close();
    const [first = '', second = ''] = folder.segments();
    const begins = Number(second.slice(0, 16));
    // A whole line of the batch that failed, and half of another; what came next went into a file of its own.
    appendFileSync(
      join(folder.path, first),
      `${encodeLine(begins, JSON.stringify(outcome('failed')))}0123abcd 9 {"ty`,
    );
    const seen: SpoolDamage[] = [];
    const next = await folder.open({ onDamage: (damage) => seen.push(damage) });
    expect(seen).toEqual([]);
    const ids = [];
    for (let position = 1; position <= next.last; position++)
      ids.push((await entriesFrom(next, position, 1))[0]?.id);
    expect(ids).toEqual(['0', '1', '2', '3']);
    await next.close();
  });

  it('writes into a new file behind a write that failed and could not be undone', async () => {
    const spool = await folder.open({ segmentBytes: 1, now: Date.now });
    await spool.append(outcome('a'));
    // The disk is full: neither can the next file be written nor cut back.
    const full = join(folder.path, '0000000000000002.spool');
    symlinkSync('/dev/full', full);
    await expect(spool.append(outcome('b'))).rejects.toThrow();
    await expect(spool.append(outcome('b'))).rejects.toThrow();
    rmSync(full);
    await spool.append(outcome('c'));
    await spool.append(outcome('d'));
    await spool.close();
    const next = await folder.open();
    expect(next.last).toBe(3);
    expect((await entriesFrom(next, 2, 1)).map(({ id }) => id)).toEqual(['c']);
    await next.close();
  });
});
