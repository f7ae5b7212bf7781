import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_AUDIT_ENTRY_BYTES, spoolEntriesOf, type AuditEventsPayload } from '@behavry/contracts';
import { decision, outcome } from '../../test/entries';
import { EntryTooLargeError, FileSpool, type FileSpoolOptions } from './file-spool';
import { encodeLine } from './spool-line';
import { processSpace, SpoolLockedError } from './spool-lock';
import type { SpoolDamage } from './spool-recovery';
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
/** What is read from a position on, as its readers understand it. */
const entriesFrom = async (spool: FileSpool, from: number, max = 100): Promise<readonly { id: string }[]> =>
  (await spool.read(from, max)).map((json) => JSON.parse(json) as { id: string });
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
      const entries = await entriesFrom(second, position, 7);
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
    expect(await entriesFrom(restarted, 4)).toMatchObject([
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
    expect((await entriesFrom(next, 1)).map(({ id }) => id)).toEqual(['a', 'a', 'b']);
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

  it('is refused to a process of another container that has the same id', async () => {
    const spool = await FileSpool.open(options({ pid: 1, space: 'one' }));
    await expect(FileSpool.open(options({ pid: 1, space: 'two' }))).rejects.toThrow(SpoolLockedError);
    await spool.close();
  });

  it('is taken over from a container that is gone', async () => {
    writeFileSync(join(folder, 'lock'), JSON.stringify({ pid: 1, started: '1', space: 'gone', token: 'x' }));
    const spool = await FileSpool.open(options({ lockWatchMs: 300 }));
    await spool.append(decision('a'));
    await spool.close();
    expect(readdirSync(folder)).not.toContain('lock');
  });

  it('is taken over from a process whose id belongs to another now', async () => {
    const holder = { pid: 1, started: 'long ago', space: processSpace(), token: 'x' };
    writeFileSync(join(folder, 'lock'), JSON.stringify(holder));
    await (await FileSpool.open(options())).close();
  });

  it('refuses everything once another process has taken it', async () => {
    let isLost = false;
    const spool = await FileSpool.open(options({ onLost: () => (isLost = true) }));
    const other = { pid: 1, started: '1', space: 'other', token: 'x' };
    writeFileSync(join(folder, 'lock'), JSON.stringify(other));
    while (!isLost) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(spool.isFull).toBe(true);
    await expect(spool.append(decision('a'))).rejects.toThrow('closed');
    await spool.close();
    expect(JSON.parse(readFileSync(join(folder, 'lock'), 'utf8'))).toEqual(other);
  });

  it('reads on behind a damaged line, keeps its place, and sets the file aside', async () => {
    const spool = await FileSpool.open(options());
    for (const id of ['a', 'b', 'c', 'd']) await spool.append(decision(id));
    await spool.close();
    const file = join(folder, segments()[0] ?? '');
    const lines = readFileSync(file, 'utf8').split('\n');
    // A line feed gone too: two entries are lost in one line.
    const damaged = [lines[0], `${lines[1] ?? ''}${lines[2] ?? ''}`, lines[3], ''].join('\n');
    writeFileSync(file, damaged);
    const seen: SpoolDamage[] = [];
    const next = await FileSpool.open(options({ onDamage: (damage) => seen.push(damage) }));
    expect(seen).toMatchObject([{ positions: [2, 3] }]);
    expect(readFileSync(seen[0]?.setAside ?? '', 'utf8')).toBe(damaged);
    const read = await entriesFrom(next, 1, 4);
    expect(read).toMatchObject([{ id: 'a' }, { type: 'lost' }, { type: 'lost' }, { id: 'd' }]);
    expect(next.last).toBe(6); // "a" and "d" were closed as aborted
    await next.close();
    const again = await FileSpool.open(options({ onDamage: (damage) => seen.push(damage) }));
    expect(seen).toHaveLength(1);
    expect(again.last).toBe(6);
    await again.close();
  });

  it('knows what is missing at the end of a file that is not the last', async () => {
    const spool = await FileSpool.open(options({ segmentBytes: 1_000 }));
    for (let n = 0; n < 6; n++) await spool.append(outcome(String(n)));
    await spool.close();
    const [first = '', second = ''] = segments();
    const begins = Number(second.slice(0, 16));
    const content = readFileSync(join(folder, first), 'utf8');
    truncateSync(join(folder, first), content.lastIndexOf('\n', content.length - 2) + 1);
    const seen: SpoolDamage[] = [];
    const next = await FileSpool.open(options({ onDamage: (damage) => seen.push(damage) }));
    expect(seen).toMatchObject([{ positions: [begins - 1] }]);
    expect((await entriesFrom(next, begins, 1)).map(({ id }) => id)).toEqual([String(begins - 1)]);
    await next.close();
  });

  it('leaves out what a failed batch left behind when it could not be cut off', async () => {
    const spool = await FileSpool.open(options({ segmentBytes: 600 }));
    for (let n = 0; n < 4; n++) await spool.append(outcome(String(n)));
    await spool.close();
    const [first = '', second = ''] = segments();
    const begins = Number(second.slice(0, 16));
    // A whole line of the batch that failed, and half of another; what came next went into a file of its own.
    appendFileSync(
      join(folder, first),
      `${encodeLine(begins, JSON.stringify(outcome('failed')))}0123abcd 9 {"ty`,
    );
    const seen: SpoolDamage[] = [];
    const next = await FileSpool.open(options({ onDamage: (damage) => seen.push(damage) }));
    expect(seen).toEqual([]);
    const ids = [];
    for (let position = 1; position <= next.last; position++)
      ids.push((await entriesFrom(next, position, 1))[0]?.id);
    expect(ids).toEqual(['0', '1', '2', '3']);
    await next.close();
  });

  it('writes into a new file behind a write that failed and could not be undone', async () => {
    const spool = await FileSpool.open(options({ segmentBytes: 1, now: Date.now }));
    await spool.append(outcome('a'));
    // The disk is full: neither can the next file be written nor cut back.
    const full = join(folder, '0000000000000002.spool');
    symlinkSync('/dev/full', full);
    await expect(spool.append(outcome('b'))).rejects.toThrow();
    await expect(spool.append(outcome('b'))).rejects.toThrow();
    rmSync(full);
    await spool.append(outcome('c'));
    await spool.append(outcome('d'));
    await spool.close();
    const next = await FileSpool.open(options());
    expect(next.last).toBe(3);
    expect((await entriesFrom(next, 2, 1)).map(({ id }) => id)).toEqual(['c']);
    await next.close();
  });

  it('takes no entry that is larger than a record may be, and all others', async () => {
    const spool = await FileSpool.open(options());
    const large = { ...decision('a'), extra: { text: 'ä'.repeat(MAX_AUDIT_ENTRY_BYTES / 2) } };
    await expect(spool.append(large)).rejects.toThrow(EntryTooLargeError);
    expect(spool.isFull).toBe(false);
    await spool.append(decision('b'));
    expect(spool.last).toBe(1);
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
  const idsOf = (payload: AuditEventsPayload): readonly string[] =>
    spoolEntriesOf(payload).map(({ id }) => id);
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
    expect(idsOf(await second)).toEqual(['3', '4']);
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
    expect(idsOf(await second)).toEqual(['1', '2', '3']);
    expect(producer.sent).toHaveLength(2);
    await sender.stop();
    await spool.close();
  });

  it('fills a batch by size as well as by number, and sends what is larger alone', async () => {
    const spool = await FileSpool.open(options());
    const sizes = [10, 10, 900, 10];
    for (const [n, size] of sizes.entries())
      await spool.append({ ...decision(String(n)), extra: { text: 'x'.repeat(size) } });
    const producer = collect();
    const sender = new SpoolSender({ spool, producer, onFailure: fail, batchBytes: 1_700, gatherMs: 0 });
    const batches: (readonly string[])[] = [];
    sender.start();
    while (batches.flat().length < sizes.length) {
      const payload = producer.sent[batches.length] ?? (await producer.arrival());
      batches.push(idsOf(payload));
      sender.acknowledge(payload.last);
    }
    expect(batches).toEqual([['0', '1'], ['2'], ['3']]);
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
