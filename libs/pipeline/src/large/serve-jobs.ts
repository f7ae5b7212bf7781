import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { KeyedDigest } from '../exchange/keyed-digest';
import { Scan } from '../scan/scan';
import type { Judges } from './examine';
import type { Jobs } from './worker-pool';
import { READY, transferables, type JobMessage, type JobReply } from './worker-thread';

/** Does what a {@link WorkerPool} asks, one after the other: all that a thread's entry file has to call. */
export function serveJobs(jobs: Jobs): void {
  const port = parentPort;
  if (!port) throw new Error('this file is run as a thread');
  // On Linux this is the thread alone: where cores are few, the event loop comes first.
  if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const digest = new KeyedDigest(Buffer.from((workerData as { readonly digestKey: Uint8Array }).digestKey));
  let scan = Scan.of([], { injection: 'enforce' });
  port.on('message', ({ name, input, agentId, scan: source }: JobMessage) => {
    let reply: JobReply;
    try {
      if (source) scan = Scan.of(source.entries, source.settings);
      const job = jobs[name] as ((input: object, judges: Judges) => object) | undefined;
      reply = job ? { ok: true, value: job(input, { scan, digest, agentId }) } : { ok: false };
    } catch {
      // Its error could say what it read.
      reply = { ok: false };
    }
    port.postMessage(reply, reply.ok ? transferables(reply.value) : []);
  });
  port.postMessage(READY);
}
