import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { eventually } from '@behavry/test-components';
import type { FileSpool } from '../src/adapters/spool/file-spool';
import type { SpoolDamage } from '../src/adapters/spool/spool-recovery';
import { decision } from './entries';
import type { FrozenPlan, FrozenWord } from './frozen-holder';
import { entriesFrom, SpoolFolder } from './spool-folder';

const ROUNDS = 8;

describe('a spool whose holder is frozen while another process takes it', () => {
  const folder = SpoolFolder.forEach();
  const scratch = mkdtempSync(join(tmpdir(), 'frozen-'));
  const program = join(scratch, 'holder.cjs');
  let child: ChildProcess;
  let words: FrozenWord[];

  beforeAll(() => {
    buildSync({
      entryPoints: [join(__dirname, 'frozen-holder.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
    });
  });
  afterEach(() => {
    child.kill('SIGKILL');
  });
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  /** Starts the holder; it is ready to carry out its plan. */
  async function start(plan: FrozenPlan): Promise<void> {
    child = fork(program, [folder.path, plan]);
    words = [];
    child.on('message', (word: FrozenWord) => words.push(word));
    await eventually(() => {
      expect(words).toContain('ready');
    });
  }

  async function isStopped(): Promise<void> {
    await eventually(() => {
      const text = readFileSync(`/proc/${String(child.pid)}/stat`, 'latin1');
      expect(text.slice(text.lastIndexOf(')') + 2, text.lastIndexOf(')') + 3)).toBe('T');
    });
  }

  /** Another process takes the folder; this one stands for it. */
  const take = (onDamage: (damage: SpoolDamage) => void = () => undefined): Promise<FileSpool> =>
    folder.open({ space: 'here', segmentBytes: 5_000, lockWatchMs: 300, maxBytes: 100_000_000, onDamage });

  async function wake(): Promise<Extract<FrozenWord, { ended: string }>> {
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    await ended;
    const last = words.at(-1);
    if (typeof last !== 'object' || !('ended' in last)) throw new Error('it did not say what ended it');
    return last;
  }

  const durable = (): readonly string[] =>
    words.flatMap((word) => (typeof word === 'object' && 'durable' in word ? [word.durable] : []));

  /** @returns the ids of all decisions, as the sender reads them */
  async function decisionsOf(spool: FileSpool): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let position = spool.oldest; position <= spool.last;) {
      const entries = await entriesFrom(spool, position);
      if (entries.length === 0) throw new Error(`position ${String(position)} cannot be read`);
      ids.push(
        ...entries.flatMap((entry) => ((entry as { type?: string }).type === 'decision' ? [entry.id] : [])),
      );
      position += entries.length;
    }
    return ids;
  }

  /** What was promised is there once, and what is there is there once, also for whoever opens the folder next. */
  async function expectAllOnce(taker: FileSpool, promised: readonly string[]): Promise<void> {
    await taker.append(decision('of the taker'));
    const read = await decisionsOf(taker);
    expect(new Set(read).size).toBe(read.length);
    expect(read).toEqual(expect.arrayContaining([...promised, 'of the taker']));
    await taker.close();
    const damage: SpoolDamage[] = [];
    const next = await take((one) => damage.push(one));
    expect(damage).toEqual([]);
    expect(await decisionsOf(next)).toEqual(read);
    await next.close();
  }

  it('refuses what it writes when it wakes, and nothing that it promised is missing', async () => {
    await start('stops before a write');
    await isStopped();
    const taker = await take();
    expect(await wake()).toEqual({ ended: 'lost', onLost: 1 });
    expect(durable()).not.toContain('last');
    expect(durable()).toHaveLength(10);
    await expectAllOnce(taker, durable());
  }, 30_000);

  it.each(Array.from({ length: ROUNDS }, (_, round) => round))(
    'loses and doubles nothing, wherever in its writing it was stopped (%i)',
    async (round) => {
      await start('writes');
      await delay(20 + round * 7 + Math.random() * 20);
      child.kill('SIGSTOP');
      await isStopped();
      const taker = await take();
      expect(await wake()).toEqual({ ended: 'lost', onLost: 1 });
      await expectAllOnce(taker, durable());
    },
    30_000,
  );

  it('does not empty a folder that is another process’s', async () => {
    await start('stops before it clears');
    await isStopped();
    const taker = await take();
    const before = folder.segments();
    expect(await wake()).toEqual({ ended: 'lost', onLost: 1 });
    expect(folder.segments()).toEqual(before);
    await expectAllOnce(taker, durable());
  }, 30_000);
});
