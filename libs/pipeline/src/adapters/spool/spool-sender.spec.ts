import { spoolEntriesOf, type AuditEventsPayload } from '@behavry/contracts';
import { decision } from '../../../test/entries';
import { SpoolFolder } from '../../../test/spool-folder';
import { SpoolSender } from './spool-sender';

const folder = SpoolFolder.forEach();

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
    const spool = await folder.open();
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
    const spool = await folder.open();
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
    const spool = await folder.open();
    const producer = collect();
    const sender = new SpoolSender({
      spool,
      producer,
      onFailure: fail,
      batchSize: 3,
      gatherMs: 60_000,
    });
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
    const spool = await folder.open();
    const sizes = [10, 10, 900, 10];
    for (const [n, size] of sizes.entries())
      await spool.append({ ...decision(String(n)), extra: { text: 'x'.repeat(size) } });
    const producer = collect();
    const sender = new SpoolSender({
      spool,
      producer,
      onFailure: fail,
      batchBytes: 1_700,
      gatherMs: 0,
    });
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
    const spool = await folder.open();
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
