import { randomUUID } from 'node:crypto';
import { AUDIT_EVENTS_QUEUE, spoolEntriesOf, type AuditEventsPayload } from '@behavry/contracts';
import { SystemClock } from '@behavry/platform';
import {
  describeWithRedis,
  eventually,
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
} from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf } from './entries';
import { makePlane, startWriter, type RunningWriter, type TestPlane } from './running-writer';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 120_000);
afterAll(async () => {
  await postgres.stop();
});

type Forge = (batch: AuditEventsPayload) => AuditEventsPayload;

const halve = (text: string): string => text.replace('\ufffd', '\ud800');
const FORGERIES: readonly [string, Forge][] = [
  ['moved to another position', (batch) => ({ ...batch, first: 3, last: 4 })],
  ["passed as another spool's", (batch) => ({ ...batch, spool_id: randomUUID() })],
  ['with an entry changed', (batch) => ({ ...batch, entries: batch.entries.replace('"allow"', '"deny"') })],
  ['cut short', (batch) => ({ ...batch, last: 1, entries: JSON.stringify([spoolEntriesOf(batch)[0]]) })],
];
/** Its UTF-8 is the same, and no database stores it; PostgreSQL takes no such job. */
const HALVED: [string, Forge] = [
  'with half a character',
  (batch) => ({ ...batch, entries: halve(batch.entries) }),
];

describe('on PostgreSQL alone', () => {
  strangers(() => Promise.resolve(undefined), FORGERIES);
});

describeWithRedis('with Redis', () => {
  strangers(() => startTestRedis(), [...FORGERIES, HALVED]);
});

function strangers(
  startRedis: () => Promise<{ url: string; stop(): Promise<unknown> } | undefined>,
  forgeries: readonly [string, Forge][],
): void {
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let plane: TestPlane;
  let writer: RunningWriter;

  beforeAll(async () => {
    redis = await startRedis();
    plane = await makePlane(await postgres.createDatabase(), redis?.url);
    writer = await startWriter(plane, new SystemClock());
  }, 120_000);
  afterAll(async () => {
    await writer.stop();
    await redis?.stop();
  });

  const forged = async (): Promise<number> => {
    const { values } = (await writer.context.metrics.getSingleMetric('behavry_queue_jobs_total')?.get()) ?? {
      values: [],
    };
    return values.find(({ labels }) => labels['result'] === 'forged')?.value ?? 0;
  };
  const stored = (spool: string): Promise<void> =>
    eventually(() => expect(writer.positions()[spool]).toBe(2), { timeoutMs: 20_000 });

  it.each(forgeries)(
    'stores nothing of a batch %s, and the true one when it comes again',
    async (_how, forge) => {
      const spool = randomUUID();
      const decision = decisionOf({ tool: 'of \ufffd' });
      const genuine = batchOf(spool, 1, [decision, outcomeOf(decision.id)]);
      const altered = forge(genuine);
      expect(altered).not.toEqual(genuine);
      const before = await forged();
      await writer.send(altered, `${spool}-1-2`, AUDIT_EVENTS_QUEUE.signedText(genuine));
      await eventually(async () => expect(await forged()).toBe(before + 1));
      expect(writer.positions()).not.toHaveProperty(spool);
      expect(writer.positions()).not.toHaveProperty(altered.spool_id);
      // As its proxy sends it when nobody acknowledged it.
      await writer.send(genuine, `${spool}-1-2-r1`);
      await stored(spool);
      const { body } = await writer.get(`audit/events?id=${decision.id}`);
      expect(body.events).toMatchObject([{ verdict: 'allow', tool: 'of \ufffd' }]);
    },
  );

  it('stores nothing of a batch that is signed as something else, and goes on behind it', async () => {
    const spool = randomUUID();
    const decision = decisionOf({});
    const batch = batchOf(spool, 1, [decision, outcomeOf(decision.id)]);
    const before = await forged();
    await writer.send(batch, `${spool}-1-2`, 'something else');
    await eventually(async () => expect(await forged()).toBe(before + 1));
    await writer.send(batch, `${spool}-1-2-r1`);
    await stored(spool);
    expect((await writer.get(`audit/events?id=${decision.id}`)).body.events).toHaveLength(1);
  });
}
