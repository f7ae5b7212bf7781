import { processSpace, SpoolLock, SpoolLockedError } from '../src/adapters/spool/spool-lock';

/** What a process that races for folders is told: take one as soon as it is that late, or give back what it took. */
export type RacerOrder = { readonly folder: string; readonly at: number } | 'release';
/** What it says: of a folder whether it took it; `undefined` once it gave it back. */
export type RacerWord = { readonly hasTaken: boolean } | { readonly fault: string } | 'released' | 'ready';

let lock: SpoolLock | undefined;

async function obey(order: RacerOrder): Promise<RacerWord> {
  if (order === 'release') {
    await lock?.release();
    lock = undefined;
    return 'released';
  }
  while (Date.now() < order.at); // all at the same moment
  try {
    const options = { pid: process.pid, space: processSpace(), watchMs: 4_000, onLost: () => undefined };
    lock = await SpoolLock.take(order.folder, options);
    return { hasTaken: true };
  } catch (error) {
    return error instanceof SpoolLockedError ? { hasTaken: false } : { fault: String(error) };
  }
}

process.on('message', (order: RacerOrder) => void obey(order).then((word) => process.send?.(word)));
process.send?.('ready');
