import { AbandonedSpools } from '../src/adapters/spool/abandoned-spools';
import { FileSpool } from '../src/adapters/spool/file-spool';
import { takeSpoolPlace } from '../src/adapters/spool/spool-places';
import { SpoolSender } from '../src/adapters/spool/spool-sender';
import { decision, outcome } from './entries';

/** What the test tells a process: write so many exchanges, the last without an end; look for abandoned folders. */
export type HolderOrder =
  { readonly write: number } | 'look' | { readonly acknowledge: string; readonly to: number };
/** What it says: where it is, what it was sent by a sender, or that an order was carried out. */
export type HolderWord =
  | { readonly folder: string; readonly spoolId: string }
  | { readonly sent: { readonly spoolId: string; readonly first: number; readonly entries: string } }
  | 'done';

const [base = '', name = ''] = process.argv.slice(2);
const say = (word: HolderWord): void => void process.send?.(word);

const open = (folder: string): Promise<FileSpool> =>
  FileSpool.open({
    folder,
    maxBytes: 1_000_000,
    segmentBytes: 100_000,
    now: Date.now,
    makeId: () => `${name}-${String(process.hrtime.bigint())}`,
    pid: process.pid,
  });

async function main(): Promise<void> {
  let own = '';
  const spool = await takeSpoolPlace(base, (folder) => open((own = folder)));
  const abandoned = new AbandonedSpools({
    base,
    own,
    open,
    sender: (taken) =>
      new SpoolSender({
        spool: taken,
        producer: {
          add: ({ spool_id: spoolId, first, entries }) => {
            say({ sent: { spoolId, first, entries } });
            return Promise.resolve();
          },
        },
        onFailure: () => undefined,
      }),
    onTaken: () => undefined,
  });
  const obey = async (order: HolderOrder): Promise<void> => {
    if (order === 'look') await abandoned.look();
    else if ('write' in order) {
      for (let n = 1; n <= order.write; n++) {
        await spool.append(decision(`${name}-${String(n)}`));
        if (n < order.write) await spool.append(outcome(`${name}-${String(n)}`));
      }
    } else abandoned.acknowledge({ [order.acknowledge]: order.to });
    say('done');
  };
  process.on('message', (order: HolderOrder) => void obey(order));
  say({ folder: own, spoolId: spool.id });
}

void main();
