// Long because everything is asked of one writer, once on each kind of queue.
import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { AuditEvent, AuditEventsPayload, DecisionEntry, OutcomeEntry } from '@behavry/contracts';
import { GENESIS_HASH, sha256HexOf, verifyChain } from '@behavry/domain';
import { ManualClock, SystemClock } from '@behavry/platform';
import {
  describeWithRedis,
  eventually,
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
} from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf, TENANT, wholeOf } from './entries';
import { makePlane, personToken, startWriter, type RunningWriter, type TestPlane } from './running-writer';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
}, 120_000);
afterAll(async () => {
  await postgres.stop();
});

describe('on PostgreSQL alone', () => {
  intake(() => Promise.resolve(undefined));
});

describeWithRedis('with Redis', () => {
  intake(async () => {
    const redis = await startTestRedis();
    return redis && { url: redis.url, stop: () => redis.stop() };
  });
});

function exchange(): [DecisionEntry, OutcomeEntry] {
  const decision = decisionOf({});
  return [decision, outcomeOf(decision.id)];
}

function intake(startRedis: () => Promise<{ url: string; stop(): Promise<unknown> } | undefined>): void {
  const clock = new ManualClock(Date.UTC(2026, 4, 4, 12, 0, 1));
  let redis: { url: string; stop(): Promise<unknown> } | undefined;
  let plane: TestPlane;
  let writer: RunningWriter;

  beforeAll(async () => {
    redis = await startRedis();
    plane = await makePlane(await postgres.createDatabase(), redis?.url);
    writer = await startWriter(plane, clock);
  }, 120_000);

  afterAll(async () => {
    await writer.stop();
    await redis?.stop();
  });

  async function acknowledged(spoolId: string, position: number, by = writer): Promise<void> {
    await eventually(() => expect(by.positions()[spoolId]).toBe(position), { timeoutMs: 20_000 });
  }

  /** Every row, in order, as it was hashed. */
  async function chain(by = writer): Promise<AuditEvent[]> {
    const { text } = await by.get('audit/export');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as AuditEvent);
  }

  async function askOwner<Row extends object>(statement: string, spool: string): Promise<Row[]> {
    const owner = new Client({ connectionString: plane.dbUrl });
    await owner.connect();
    const { rows } = await owner.query<Row>(statement, [spool]);
    await owner.end();
    return rows;
  }

  function rejectedOf(spool: string): Promise<{ position: string; reason: string; entry: string }[]> {
    return askOwner(
      'SELECT position, reason, entry FROM data.audit_rejected WHERE spool_id = $1 ORDER BY 1',
      spool,
    );
  }

  async function refusesAsGap(batch: AuditEventsPayload): Promise<void> {
    const gaps = await writer.metric('behavry_audit_writer_gap_batches_total');
    await writer.send(batch);
    await eventually(async () =>
      expect(await writer.metric('behavry_audit_writer_gap_batches_total')).toBeGreaterThan(gaps),
    );
  }

  it('chains each exchange once, however often its batch comes, and acknowledges it', async () => {
    const spool = randomUUID();
    const entries = Array.from({ length: 20 }, exchange).flat();
    await writer.send(batchOf(spool, 1, entries));
    await writer.send(batchOf(spool, 1, entries));
    await acknowledged(spool, 40);
    await writer.send(batchOf(spool, 31, [...entries.slice(30), ...exchange()]));
    await acknowledged(spool, 42);
    const events = await chain();
    expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    expect(events[0]?.previous_hash).toBe(GENESIS_HASH);
    expect(verifyChain(events)).toMatchObject({ ok: true, checked: 21 });
    const { target, id, reason, contributions } = entries[0] as DecisionEntry;
    const settled = { v: 1, outcome: 'ok', response_code: 200, latency_ms: 76.25, bytes_down: 1024 };
    expect(events[0]).toMatchObject({ id, reason, contributions, ...settled, target_key: target!.key });
    expect((await writer.get('audit/events/1')).body).toMatchObject({ target: target!.shown });
    expect((await writer.get('audit/verify')).body).toEqual({ ok: true, checked: 21 });
  });

  it('waits for an outcome that comes in a later batch', async () => {
    const spool = randomUUID();
    const [decision, outcome] = exchange();
    await writer.send(batchOf(spool, 1, [decision]));
    await acknowledged(spool, 1);
    expect((await writer.get(`audit/events?id=${decision.id}`)).body.events).toEqual([]);
    await writer.send(batchOf(spool, 2, [outcome]));
    await acknowledged(spool, 2);
    expect((await writer.get(`audit/events?id=${decision.id}`)).body.events).toHaveLength(1);
  });

  it('records as aborted what nobody ever finished', async () => {
    const spool = randomUUID();
    const [decision] = exchange();
    await writer.send(batchOf(spool, 1, [decision]));
    await acknowledged(spool, 1);
    clock.advance(3_601_000);
    await eventually(
      async () => {
        const { body } = await writer.get(`audit/events?id=${decision.id}`);
        expect(body.events).toMatchObject([{ outcome: 'aborted', error: 'process_restarted' }]);
      },
      { timeoutMs: 15_000 },
    );
    await writer.send(batchOf(spool, 2, [outcomeOf(decision.id)]));
    await acknowledged(spool, 2);
    expect((await writer.get(`audit/events?id=${decision.id}`)).body.events).toHaveLength(1);
  }, 30_000);

  it('refuses a batch that leaves a gap until the gap is filled', async () => {
    const spool = randomUUID();
    const entries = [exchange(), exchange(), exchange()].flat();
    await writer.send(batchOf(spool, 1, entries.slice(0, 2)));
    await acknowledged(spool, 2);
    await refusesAsGap(batchOf(spool, 5, entries.slice(4)));
    expect(writer.positions()[spool]).toBe(2);
    await writer.send(batchOf(spool, 3, entries.slice(2)));
    await acknowledged(spool, 6);
  });

  it('refuses a spool whose position was put back with the database, until the database forgets it', async () => {
    const spool = randomUUID();
    const entries = [exchange(), exchange(), exchange()].flat();
    await writer.send(batchOf(spool, 1, entries.slice(0, 2)));
    await acknowledged(spool, 2);
    await askOwner('UPDATE data.spool_positions SET position = 1 WHERE spool_id = $1', spool);
    await refusesAsGap(batchOf(spool, 3, entries.slice(2, 4)));
    // What docs/runbooks/record-backlog.md says to do.
    await askOwner('DELETE FROM data.spool_positions WHERE spool_id = $1', spool);
    await writer.send(batchOf(spool, 3, entries.slice(2)));
    await acknowledged(spool, 6);
  });

  it('makes one row of an exchange that came as one entry', async () => {
    const spool = randomUUID();
    const whole = wholeOf();
    await writer.send(batchOf(spool, 1, [whole]));
    await acknowledged(spool, 1);
    const { body } = await writer.get(`audit/events?id=${whole.id}`);
    expect(body.events).toMatchObject([{ verdict: 'deny', outcome: 'refused', bytes_up: 512 }]);
  });

  it('leaves out a record whose id is stored already', async () => {
    const [decision, outcome] = exchange();
    const whole = wholeOf();
    const [first, second] = [randomUUID(), randomUUID()];
    await writer.send(batchOf(first, 1, [decision, outcome, whole, whole]));
    await acknowledged(first, 4);
    await writer.send(batchOf(second, 1, [decision, outcome, whole, ...exchange()]));
    await acknowledged(second, 5);
    for (const { id } of [decision, whole])
      expect((await writer.get(`audit/events?id=${id}`)).body.events).toHaveLength(1);
    expect(await rejectedOf(second)).toEqual([]);
    expect((await writer.get('audit/verify')).body).toMatchObject({ ok: true });
  });

  it('sets aside what cannot be a row, says so in the chain, and goes on', async () => {
    const spool = randomUUID();
    const [decision, outcome] = exchange();
    const [second, secondOutcome] = exchange();
    const poison = { ...decisionOf({}), ts: '0000-01-01T00:00:00.000Z' };
    const foreign = { ...wholeOf(), tenant_id: randomUUID() };
    const nul = { ...second, tool: 'nul \u0000 and \ud800' };
    await writer.send(
      batchOf(spool, 1, [decision, { type: 'nonsense' }, poison, nul, foreign, secondOutcome, outcome]),
    );
    await acknowledged(spool, 7);
    expect((await writer.get(`audit/events?id=${decision.id}`)).body.events).toHaveLength(1);
    const { body } = await writer.get(`audit/events?id=${second.id}`);
    expect(body.events[0]!.tool).toBe('nul \ufffd and \ufffd');
    const rejected = await rejectedOf(spool);
    expect(rejected).toMatchObject([
      { position: '2', entry: '{"type":"nonsense"}' },
      { position: '3', reason: expect.stringMatching('refused by the database') },
      { position: '5', reason: 'of another tenant' },
    ]);
    const stubs = (await chain()).filter(({ extra }) => extra['spool_id'] === spool);
    expect(stubs.map(({ reason_code, extra }) => ({ reason_code, ...extra }))).toEqual(
      rejected.map(({ position, reason, entry }) => ({
        reason_code: 'record_set_aside',
        spool_id: spool,
        position: Number(position),
        fault: reason,
        bytes: Buffer.byteLength(entry),
        digest: `sha256:${sha256HexOf(entry)}`,
      })),
    );
    expect(await writer.metric('behavry_audit_writer_rejected_entries_total')).toBe(3);
  });

  it('says in the chain what a proxy could not read any more in its spool', async () => {
    const spool = randomUUID();
    const lost = { type: 'lost', id: randomUUID(), ts: '2026-05-04T12:00:00.000Z' };
    await writer.send(batchOf(spool, 1, [...exchange(), lost, ...exchange()]));
    await acknowledged(spool, 5);
    const { body } = await writer.get(`audit/events?id=${lost.id}`);
    expect(body.events).toMatchObject([
      { kind: 'admin', reason_code: 'record_set_aside', extra: { spool_id: spool, position: 3 } },
    ]);
  });

  it('never lets a payload that is no batch stand in the way', async () => {
    await writer.send({ nothing: true } as unknown as AuditEventsPayload);
    const spool = randomUUID();
    await writer.send(batchOf(spool, 1, exchange()));
    await acknowledged(spool, 2);
  });

  it('keeps one chain when two writers store at the same time', async () => {
    const other = await startWriter(plane, clock);
    try {
      const before = (await chain()).length;
      const spools = Array.from({ length: 8 }, () => randomUUID());
      const all = spools.flatMap((spool) => {
        const entries = Array.from({ length: 30 }, exchange).flat();
        return [0, 1, 2].map((part) =>
          batchOf(spool, 1 + part * 20, entries.slice(part * 20, part * 20 + 20)),
        );
      });
      for (const part of [0, 1, 2]) {
        const wave = all.filter((_, index) => index % 3 === part);
        await Promise.all(wave.flatMap((batch) => [writer.send(batch), other.send(batch)]));
        for (const { spool_id: spool } of wave) await acknowledged(spool, 20 * (part + 1), other);
      }
      const events = await chain(other);
      expect(events).toHaveLength(before + 8 * 30);
      expect(verifyChain(events)).toMatchObject({ ok: true });
    } finally {
      await other.stop();
    }
  }, 60_000);

  it('loses and doubles nothing when the database is away for a while', async () => {
    const spool = randomUUID();
    const entries = Array.from({ length: 10 }, exchange).flat();
    const before = (await chain()).length;
    await writer.send(batchOf(spool, 1, entries.slice(0, 10)));
    const database = new URL(plane.dbUrl).pathname.slice(1);
    const admin = new Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    // A proxy sends a batch again until it is acknowledged, and a queue on the same server fails at once.
    await writer.send(batchOf(spool, 1, entries)).catch(() => undefined);
    await eventually(async () =>
      expect((await writer.get('audit/verify')).status).toBeGreaterThanOrEqual(500),
    );
    await admin.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    await admin.end();
    // A signal reaches who listens: while the connection is made anew, a proxy sends once more and is told once more.
    await eventually(
      async () => {
        await writer.send(batchOf(spool, 1, entries));
        await eventually(() => expect(writer.positions()[spool]).toBe(20), { timeoutMs: 500 });
      },
      { timeoutMs: 20_000 },
    );
    expect((await chain()).length).toBe(before + 10);
    expect((await writer.get('audit/verify')).body).toMatchObject({ ok: true });
  }, 60_000);

  it('answers only people of its tenant', async () => {
    const stranger = personToken(clock, ['admin'], randomUUID());
    expect((await writer.get('audit/events', stranger)).body).toEqual({ events: [], next_cursor: null });
    expect((await writer.get('audit/events/1', stranger)).status).toBe(404);
    expect((await writer.get('audit/events/1', personToken(new SystemClock(), []))).status).toBe(403);
    expect((await writer.get('audit/events', 'nonsense')).status).toBe(401);
    expect((await writer.get(`audit/events?agent_id=agent-1&limit=1`)).body.events[0]!.tenant_id).toBe(
      TENANT,
    );
  });
}
