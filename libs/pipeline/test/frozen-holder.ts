import { FileSpool } from '../src/adapters/spool/file-spool';
import { SpoolLostError } from '../src/adapters/spool/spool-lock';
import { decision } from './entries';

/**
 * What it does after it wrote a few entries: write on until it is refused; stop itself between an append and its
 * write; stop itself and then empty the folder.
 */
export type FrozenPlan = 'writes' | 'stops before a write' | 'stops before it clears';
/** What it says: an entry that it was told is durable; how many it has before it carries out its plan; what ended it. */
export type FrozenWord =
  { readonly durable: string } | 'ready' | { readonly ended: string; readonly onLost: number };

const [folder, plan] = process.argv.slice(2) as [string, FrozenPlan];
const say = (word: FrozenWord): void => void process.send?.(word);
const freeze = (): void => void process.kill(process.pid, 'SIGSTOP');
let onLost = 0;

async function write(spool: FileSpool, id: string): Promise<void> {
  await spool.append(decision(id));
  say({ durable: id });
}

async function main(): Promise<void> {
  const spool = await FileSpool.open({
    folder,
    maxBytes: 100_000_000,
    segmentBytes: 5_000,
    now: Date.now,
    makeId: () => 'frozen',
    pid: process.pid,
    space: 'elsewhere',
    onLost: () => onLost++,
  });
  for (let n = 0; n < 10; n++) await write(spool, `before-${String(n)}`);
  say('ready');
  try {
    if (plan === 'stops before it clears') {
      freeze();
      await spool.clear();
    } else if (plan === 'stops before a write') {
      const last = write(spool, 'last');
      freeze();
      await last;
    } else
      for (let n = 0; ; n++)
        await Promise.all([1, 2, 3].map((each) => write(spool, `${String(n)}-${String(each)}`)));
  } catch (error) {
    const isLost = error instanceof SpoolLostError || (error as Error).message === 'the spool is closed';
    say({ ended: isLost ? 'lost' : String(error), onLost });
  }
  await spool.close();
  process.disconnect();
}

void main();
