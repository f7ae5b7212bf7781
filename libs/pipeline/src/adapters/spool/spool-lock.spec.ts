import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decision } from '../../../test/entries';
import { SpoolFolder } from '../../../test/spool-folder';
import { processSpace, SpoolLock, SpoolLockedError } from './spool-lock';

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
      join(folder.path, 'lock.1'),
      JSON.stringify({ pid: 1, started: '1', space: 'gone', token: 'x' }),
    );
    const spool = await folder.open({ lockWatchMs: 300 });
    await spool.append(decision('a'));
    expect(readdirSync(folder.path).filter((name) => name.startsWith('lock'))).toEqual(['lock.2']);
    await spool.close();
    // Given back, also to a process of another container: nothing is watched.
    await (await folder.open({ space: 'other', lockWatchMs: 3_600_000 })).close();
  });

  it('is not taken by a process that looked before others took it and ended', async () => {
    const lock = (generation: number): string => join(folder.path, `lock.${String(generation)}`);
    const other = JSON.stringify({ pid: 1, started: '1', space: 'other', token: 'x' });
    writeFileSync(lock(1), other);
    let alive: NodeJS.Timeout | undefined;
    const late = SpoolLock.take(folder.path, {
      pid: process.pid,
      space: processSpace(),
      onLost: () => undefined,
      // Asked when it has seen the first: now the second comes and goes, and the third lives.
      get watchMs() {
        alive ??= setInterval(() => {
          writeFileSync(lock(3), other);
        }, 50);
        return 300;
      },
    });
    await expect(late).rejects.toThrow(SpoolLockedError);
    clearInterval(alive);
    expect(readdirSync(folder.path).sort()).toEqual(['lock.1', 'lock.3']);
  });

  it('is taken over from a process whose id belongs to another now', async () => {
    const holder = { pid: 1, started: 'long ago', space: processSpace(), token: 'x' };
    writeFileSync(join(folder.path, 'lock.1'), JSON.stringify(holder));
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
    writeFileSync(join(folder.path, 'lock.2'), JSON.stringify(other));
    await lost;
    expect(spool.isFull).toBe(true);
    await expect(spool.append(decision('a'))).rejects.toThrow('closed');
    await spool.close();
    expect(JSON.parse(readFileSync(join(folder.path, 'lock.2'), 'utf8'))).toEqual(other);
  });
});
