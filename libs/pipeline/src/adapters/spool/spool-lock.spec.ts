import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decision } from '../../../test/entries';
import { SpoolFolder } from '../../../test/spool-folder';
import { processSpace, SpoolLockedError } from './spool-lock';

const folder = SpoolFolder.forEach();

describe('a spool folder', () => {
  it('is refused to a second live process', async () => {
    const spool = await folder.open({ pid: 1 });
    await expect(folder.open()).rejects.toThrow(SpoolLockedError);
    await spool.close();
  });

  it('is refused to a process of another container that has the same id', async () => {
    const spool = await folder.open({ pid: 1, space: 'one' });
    await expect(folder.open({ pid: 1, space: 'two' })).rejects.toThrow(SpoolLockedError);
    await spool.close();
  });

  it('is taken over from a container that is gone', async () => {
    writeFileSync(
      join(folder.path, 'lock'),
      JSON.stringify({ pid: 1, started: '1', space: 'gone', token: 'x' }),
    );
    const spool = await folder.open({ lockWatchMs: 300 });
    await spool.append(decision('a'));
    await spool.close();
    expect(readdirSync(folder.path)).not.toContain('lock');
  });

  it('is taken over from a process whose id belongs to another now', async () => {
    const holder = { pid: 1, started: 'long ago', space: processSpace(), token: 'x' };
    writeFileSync(join(folder.path, 'lock'), JSON.stringify(holder));
    await (await folder.open()).close();
  });

  it('refuses everything once another process has taken it', async () => {
    let lose: () => void = () => undefined;
    const lost = new Promise<void>((resolve) => (lose = resolve));
    const spool = await folder.open({
      onLost: () => {
        lose();
      },
    });
    const other = { pid: 1, started: '1', space: 'other', token: 'x' };
    writeFileSync(join(folder.path, 'lock'), JSON.stringify(other));
    await lost;
    expect(spool.isFull).toBe(true);
    await expect(spool.append(decision('a'))).rejects.toThrow('closed');
    await spool.close();
    expect(JSON.parse(readFileSync(join(folder.path, 'lock'), 'utf8'))).toEqual(other);
  });
});
