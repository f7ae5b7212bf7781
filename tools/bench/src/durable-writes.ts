import { constants } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { percentile } from './figures';

const WRITES = 300;
const DURABLE = constants.O_CREAT | constants.O_APPEND | constants.O_WRONLY | constants.O_DSYNC;

/** What the disk alone takes for one record, as the spool writes it: no call can be answered sooner. */
export async function durableWrites(folder: string): Promise<string> {
  const file = join(folder, 'durable-writes');
  const handle = await open(file, DURABLE, 0o600);
  const record = Buffer.alloc(1024, 'x');
  const took: number[] = [];
  try {
    for (let count = 0; count < WRITES; count++) {
      const began = performance.now();
      await handle.write(record);
      took.push(performance.now() - began);
    }
  } finally {
    await handle.close();
    await rm(file);
  }
  const [p50, p99] = [0.5, 0.99].map((share) => percentile(took, share).toFixed(1));
  return `One durable write of 1 KB on this disk, alone: p50 ${p50} ms, p99 ${p99} ms.`;
}
