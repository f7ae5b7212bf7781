import { randomUUID } from 'node:crypto';
import { verifyChain } from '@behavry/domain';
import type { AuditEvent } from '@behavry/contracts';
import {
  eventually,
  startOtlpReceiver,
  startTestPostgres,
  type OtlpReceiver,
  type TestPostgres,
} from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf } from './entries';
import { makePlane, startWriter, type RunningWriter } from './running-writer';

const SPAN = 'b7ad6b7169203331';
const CANARY = 'canary-of-a-record';

let postgres: TestPostgres;
let collector: OtlpReceiver;
let writer: RunningWriter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  collector = await startOtlpReceiver();
  const plane = await makePlane(await postgres.createDatabase(), undefined);
  // New traces are none of its own: what it shows was sampled by a proxy.
  writer = await startWriter(plane, undefined, { settings: { otelEndpoint: collector.url, otelSample: 0 } });
}, 120_000);
afterAll(async () => {
  await writer.stop();
  await collector.stop();
  await postgres.stop();
});

it('shows when the row of a traced exchange is stored, in the exchange’s own trace, and the row stays as it is', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const [traced, other, unsampled] = [decisionOf({ tool: CANARY }), decisionOf({}), decisionOf({})];
  const spool = randomUUID();
  await writer.send(
    batchOf(spool, 1, [
      traced,
      outcomeOf(traced.id, { trace: `00-${traceId}-${SPAN}-01` }),
      other,
      outcomeOf(other.id),
      unsampled,
      outcomeOf(unsampled.id, { trace: `00-${traceId}-${SPAN}-00` }),
    ]),
  );
  const name = 'process audit.events.v1';
  const spans = await collector.trace(traceId, name);
  expect(spans).toEqual([
    expect.objectContaining({
      ...{ app: 'audit-writer', name, kind: 5, parentSpanId: SPAN, hasFailed: false },
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'process',
        'messaging.destination.name': 'audit.events.v1',
        'messaging.batch.message_count': 6,
        'behavry.decision.id': traced.id,
      },
    }),
  ]);
  await eventually(() => {
    expect(writer.positions()[spool]).toBe(6);
  });
  const { text } = await writer.get('audit/export');
  expect(text).not.toContain(traceId);
  const rows = text.split('\n').filter(Boolean);
  expect(verifyChain(rows.map((line) => JSON.parse(line) as AuditEvent))).toMatchObject({
    ok: true,
    checked: 3,
  });
  expect(collector.spans).toHaveLength(1);
  expect(collector.bodies.join('')).not.toContain(CANARY);
});

it('says that a batch could not be stored yet', async () => {
  const traceId = 'd'.repeat(32);
  const decision = decisionOf({});
  await writer.send(batchOf(randomUUID(), 1, [decision]));
  const spool = randomUUID();
  await writer.send(batchOf(spool, 1, [decisionOf({})]));
  await eventually(() => {
    expect(writer.positions()[spool]).toBe(1);
  });
  await writer.send(batchOf(spool, 9, [outcomeOf(decision.id, { trace: `00-${traceId}-${SPAN}-01` })]));
  const [span] = await collector.trace(traceId, 'process audit.events.v1');
  expect(span).toMatchObject({ hasFailed: true, attributes: { 'error.type': 'spool_gap' } });
});
