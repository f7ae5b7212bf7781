import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildSync } from 'esbuild';
import type { SpoolEntry } from '@behavry/contracts';
import { eventually } from '@behavry/test-components';
import type { HolderOrder, HolderWord } from './spool-holder';

type Place = Extract<HolderWord, { folder: string }>;
type Sent = Extract<HolderWord, { sent: object }>['sent'];

/** A process that has a spool folder beside those of others. */
interface Holder {
  readonly process: ChildProcess;
  readonly place: Place;
  readonly sent: Sent[];
}

describe('spools of several processes on one volume', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'spools-'));
  const base = join(scratch, 'proxy');
  const program = join(scratch, 'holder.cjs');
  const running: ChildProcess[] = [];

  beforeAll(() => {
    buildSync({
      entryPoints: [join(__dirname, 'spool-holder.ts')],
      outfile: program,
      bundle: true,
      platform: 'node',
    });
  });
  afterAll(() => {
    for (const each of running) each.kill('SIGKILL');
    rmSync(scratch, { recursive: true });
  });

  async function start(name: string): Promise<Holder> {
    const child = fork(program, [base, name]);
    running.push(child);
    const sent: Sent[] = [];
    child.on('message', (word: HolderWord) => {
      if (typeof word === 'object' && 'sent' in word) sent.push(word.sent);
    });
    const [place] = (await once(child, 'message')) as [Place];
    return { process: child, place, sent };
  }

  async function tell(holder: Holder, order: HolderOrder): Promise<void> {
    holder.process.send(order);
    for (;;) {
      const [word] = (await once(holder.process, 'message')) as [HolderWord];
      if (word === 'done') return;
    }
  }

  async function kill({ process: child }: Holder): Promise<void> {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  const segmentsOf = (folder: string): readonly string[] =>
    readdirSync(folder).filter((name) => name.endsWith('.spool') || name === 'spool.json');

  it('each has a folder of its own; what one leaves when it is killed is sent by the other, once, and its folder is used again', async () => {
    const [a, b] = await Promise.all([start('a'), start('b')]);
    expect([a.place.folder, b.place.folder].map((folder) => basename(folder)).sort()).toEqual([
      'proxy',
      'proxy.2',
    ]);
    await tell(a, { write: 5 });
    await tell(b, { write: 20 });
    await tell(a, 'look');
    expect(a.sent).toEqual([]); // its holder lives

    await kill(b);
    await tell(a, 'look');
    await eventually(() => {
      expect(a.sent).toMatchObject([{ spoolId: b.place.spoolId, first: 1 }]);
    });
    // How its last exchange ended stands in a segment of its own: nothing is written to what another had open.
    await tell(a, { acknowledge: b.place.spoolId, to: 39 });
    await eventually(() => {
      expect(a.sent).toMatchObject([{ first: 1 }, { spoolId: b.place.spoolId, first: 40 }]);
    });
    const entries: SpoolEntry[] = a.sent.flatMap(({ entries: text }) => JSON.parse(text) as SpoolEntry[]);
    expect(entries.filter(({ type }) => type === 'decision').map(({ id }) => id)).toEqual(
      Array.from({ length: 20 }, (_, n) => `b-${String(n + 1)}`),
    );
    expect(entries.at(-1)).toMatchObject({ id: 'b-20', outcome: 'aborted', error: 'process_restarted' });

    const third = await start('c');
    expect(basename(third.place.folder)).toBe('proxy.3'); // the others are held

    await tell(a, { acknowledge: b.place.spoolId, to: entries.length });
    await tell(a, 'look');
    expect(segmentsOf(b.place.folder)).toEqual([]);
    const fourth = await start('d');
    expect(fourth.place.folder).toBe(b.place.folder);
    // Positions begin at 1 again, so it must be another spool.
    expect(fourth.place.spoolId).not.toBe(b.place.spoolId);
    expect(a.sent).toHaveLength(2);
  }, 30_000);
});
