import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuditEventsPayload } from '@behavry/contracts';
import { decision, outcome } from '../../test/entries';
import { FileSpool, type FileSpoolOptions } from './file-spool';
import { SpoolLockedError } from './spool-folder';
import { SpoolSender } from './spool-sender';

let folder: string;
let ids = 0;
const options = (changes: Partial<FileSpoolOptions> = {}): FileSpoolOptions => ({
  folder,
  maxBytes: 1_000_000,
  segmentBytes: 4_000,
  now: () => 1_767_225_700_000,
  makeId: () => `spool-${String(++ids)}`,
  pid: process.pid,
  ...changes,
});
const segments = (): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.spool'))
    .sort();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the file spool', () => {
  it('keeps entries in order under contiguous positions, over segments and restarts', async () => {
    const first = await FileSpool.open(options());
    for (let n = 1; n <= 20; n++)
      await Promise.all([first.append(decision(`e${String(n)}`)), first.append(outcome(`e${String(n)}`))]);
    expect(segments().length).toBeGreaterThan(2);
    const { id } = first;
    await first.close();

    const second = await FileSpool.open(options());
    expect(second.id).toBe(id);
    expect(second.last).toBe(40);
    await second.append(decision('e21'));
    const seen: string[] = [];
    for (let position = 1; position <= second.last;) {
      const entries = await second.read(position, 7);
      seen.push(...entries.map((entry) => entry.id));
      position += entries.length;
    }
    expect(seen).toEqual([
      ...Array.from({ length: 20 }, (_, n) => [`e${String(n + 1)}`, `e${String(n + 1)}`]).flat(),
      'e21',
    ]);
    await second.close();
  });

  it('gives the unfinished exchanges of a killed process an outcome', async () => {
    const killed = await FileSpool.open(options());
    await killed.append(decision('done'));
    await killed.append(decision('cut'));
    await killed.append(outcome('done'));
    // No close: the lock stays, as after kill -9; its holder counts as gone because it is this process.
    const restarted = await FileSpool.open(options());
    expect(await restarted.read(4, 10)).toMatchObject([
      { type: 'outcome', id: 'cut', outcome: 'aborted', error: 'process_restarted' },
    ]);
    await restarted.close();
    const again = await FileSpool.open(options());
    expect(again.last).toBe(4);
    await again.close();
  });

  it('drops what a crash left half written, and writes on behind the last whole entry', async () => {
    const spool = await FileSpool.open(options());
    await spool.append(decision('a'));
    await spool.append(outcome('a'));
    await spool.close();
    const file = join(folder, segments()[0] ?? '');
    appendFileSync(file, '0123abcd {"type":"decision","id":"torn"');
    const next = await FileSpool.open(options());
    expect(next.last).toBe(2);
    await next.append(decision('b'));
    expect((await next.read(1, 10)).map(({ id }) => id)).toEqual(['a', 'a', 'b']);
    await next.close();
    truncateSync(file, statSync(file).size - 1);
    const last = await FileSpool.open(options());
    expect(last.last).toBe(2);
    await last.close();
  });

  it('is full at its size, takes outcomes still, and takes decisions again after an acknowledgement', async () => {
    const spool = await FileSpool.open(options({ maxBytes: 10_000 }));
    let count = 0;
    while (!spool.isFull) await spool.append(decision(`e${String(++count)}`));
    for (let n = 1; n <= count; n++) await spool.append(outcome(`e${String(n)}`));
    await spool.acknowledge(spool.last);
    expect(spool.isFull).toBe(false);
    expect(spool.backlog).toBe(0);
    expect(segments()).toHaveLength(1);
    await spool.append(decision('next'));
    await spool.close();
    const reopened = await FileSpool.open(options());
    expect(reopened.last).toBe(2 * count + 2); // "next" was closed as aborted
    await reopened.close();
  });

  it('keeps a decision whose outcome is missing, though it is acknowledged', async () => {
    const spool = await FileSpool.open(options());
    await spool.append(decision('open'));
    for (let n = 0; n < 30; n++) {
      await spool.append(decision(`e${String(n)}`));
      await spool.append(outcome(`e${String(n)}`));
    }
    await spool.acknowledge(spool.last);
    expect(spool.oldest).toBe(1);
    await spool.append(outcome('open'));
    await spool.acknowledge(spool.last);
    expect(spool.oldest).toBeGreaterThan(1);
    await spool.close();
  });

  it('is refused to a second live process', async () => {
    const spool = await FileSpool.open(options({ pid: 1 }));
    await expect(FileSpool.open(options())).rejects.toThrow(SpoolLockedError);
    await spool.close();
  });

  it('writes appends that come together at once', async () => {
    const spool = await FileSpool.open(options({ segmentBytes: 10_000_000, maxBytes: 100_000_000 }));
    const started = performance.now();
    await Promise.all(Array.from({ length: 5_000 }, (_, n) => spool.append(decision(String(n)))));
    expect(spool.last).toBe(5_000);
    expect(performance.now() - started).toBeLessThan(5_000);
    await spool.close();
  });

  it('rejects the append and counts as full when it cannot write', async () => {
    const spool = await FileSpool.open(options({ segmentBytes: 1 }));
    await spool.append(decision('a'));
    rmSync(folder, { recursive: true }); // the next segment cannot be made
    await expect(spool.append(decision('b'))).rejects.toThrow();
    expect(spool.isFull).toBe(true);
    expect(spool.last).toBe(1);
  });
});

describe('the spool sender', () => {
  interface Sent extends AuditEventsPayload {
    readonly jobId: string | undefined;
  }
  const collect = (): {
    sent: Sent[];
    arrival: () => Promise<Sent>;
    add: (payload: AuditEventsPayload, o?: { jobId?: string }) => Promise<void>;
  } => {
    const sent: Sent[] = [];
    let tell: (one: Sent) => void = () => undefined;
    return {
      sent,
      arrival: () =>
        new Promise((resolve) => {
          tell = resolve;
        }),
      add: (payload, o) => {
        const one = { ...payload, jobId: o?.jobId };
        sent.push(one);
        tell(one);
        return Promise.resolve();
      },
    };
  };
  const fail = (error: unknown): void => {
    throw error;
  };

  it('sends one batch, waits for its acknowledgement, then sends the rest', async () => {
    const spool = await FileSpool.open(options());
    for (let n = 0; n < 5; n++) await spool.append(decision(String(n)));
    const producer = collect();
    const sender = new SpoolSender({ spool, producer, onFailure: fail, batchSize: 3 });
    const first = producer.arrival();
    sender.start();
    expect(await first).toMatchObject({ first: 1, spool_id: spool.id, jobId: `${spool.id}-1-3` });
    expect(producer.sent).toHaveLength(1);
    const second = producer.arrival();
    sender.acknowledge(3);
    expect((await second).entries.map(({ id }) => id)).toEqual(['3', '4']);
    const third = producer.arrival();
    sender.acknowledge(5);
    await spool.append(decision('5'));
    expect(await third).toMatchObject({ first: 6 });
    await sender.stop();
    await spool.close();
  });

  it('sends again, under another job id, what nobody acknowledges', async () => {
    const spool = await FileSpool.open(options());
    await spool.append(decision('x'));
    const producer = collect();
    const sender = new SpoolSender({ spool, producer, onFailure: fail, resendMs: 20 });
    const first = producer.arrival();
    sender.start();
    await first;
    const second = await producer.arrival();
    expect(second).toMatchObject({ first: 1, jobId: `${spool.id}-1-1-r1` });
    await sender.stop();
    await spool.close();
  });

  it('gathers what comes in quick succession, but does not keep a full batch waiting', async () => {
    const spool = await FileSpool.open(options());
    const producer = collect();
    const sender = new SpoolSender({ spool, producer, onFailure: fail, batchSize: 3, gatherMs: 60_000 });
    sender.start();
    const first = producer.arrival();
    await spool.append(decision('0'));
    await first;
    sender.acknowledge(1);
    const second = producer.arrival();
    for (const id of ['1', '2', '3']) await spool.append(decision(id));
    expect((await second).entries.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(producer.sent).toHaveLength(2);
    await sender.stop();
    await spool.close();
  });

  it('keeps trying while the queue is down', async () => {
    const spool = await FileSpool.open(options());
    await spool.append(decision('x'));
    let failures = 0;
    const producer = collect();
    const sender = new SpoolSender({
      spool,
      producer: {
        add: (payload, o) =>
          ++failures < 3 ? Promise.reject(new Error('queue down')) : producer.add(payload, o),
      },
      onFailure: () => undefined,
      resendMs: 10,
    });
    const arrival = producer.arrival();
    sender.start();
    await arrival;
    expect(failures).toBe(3);
    await sender.stop();
    await spool.close();
  });
});
