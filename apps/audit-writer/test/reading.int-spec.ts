import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { request } from 'undici';
import { DataSource } from 'typeorm';
import type { AuditEvent, PersonalValues, SpoolEntry } from '@behavry/contracts';
import { AuditChainRepository } from '@behavry/db-data';
import { sha256HexOf, verifyChain } from '@behavry/domain';
import { databaseLogin, SystemClock, withTenant } from '@behavry/platform';
import { eventually, putAsOwner, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf, TENANT, wholeOf } from './entries';
import { followed, tampered } from './reading';
import { makePlane, personToken, startWriter, type RunningWriter, type TestPlane } from './running-writer';

const clock = new SystemClock();
const ROWS = 1_200;
let postgres: TestPostgres;
let plane: TestPlane;
let writer: RunningWriter;
let owner: Client;
const spool = randomUUID();
let position = 0;

async function add(entries: readonly SpoolEntry[]): Promise<void> {
  await writer.send(batchOf(spool, position + 1, entries));
  position += entries.length;
  await eventually(() => expect(writer.positions()[spool]).toBe(position), { timeoutMs: 20_000 });
}

function exchanges(count: number, change: (index: number) => object = () => ({})): SpoolEntry[] {
  return Array.from({ length: count }, (_, index) => {
    const decision = decisionOf(change(index));
    return [decision, outcomeOf(decision.id)];
  }).flat();
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  plane = await makePlane(await postgres.createDatabase(), undefined);
  writer = await startWriter(plane, clock);
  owner = new Client({ connectionString: plane.dbUrl });
  await owner.connect();
  for (let done = 0; done < ROWS; done += 100) {
    await add(
      exchanges(100, (index) => ({
        ts: new Date(Date.UTC(2026, 4, 1 + Math.floor(done / 300), 12, 0, index)).toISOString(),
        verdict: index % 10 === 0 ? 'deny' : 'allow',
        agent_id: `agent-${String(index % 3)}`,
        session_id: `session-${String(index % 3)}`,
      })),
    );
  }
}, 120_000);

afterAll(async () => {
  await owner.end();
  await writer.stop();
  await postgres.stop();
});

describe('the audit log', () => {
  it('is listed newest first, in pages that join without gap or repetition', async () => {
    const seen: number[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const { body } = await writer.get(`audit/events?limit=500${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...body.events.map(({ seq }) => seq));
      cursor = body.next_cursor;
    }
    expect(seen).toEqual(Array.from({ length: ROWS }, (_, index) => ROWS - index));
  });

  it('is filtered by what happened, to whom and when', async () => {
    const denied = await writer.get('audit/events?verdict=deny&agent_id=agent-0&limit=500');
    expect(denied.body.events.length).toBeGreaterThan(10);
    expect(
      denied.body.events.every((event) => event.verdict === 'deny' && event.agent_id === 'agent-0'),
    ).toBe(true);
    const day = await writer.get('audit/events?from=2026-05-02T00:00:00Z&to=2026-05-03T00:00:00Z&limit=500');
    expect(day.body.events).toHaveLength(300);
    expect((await writer.get('audit/events?tool=nothing')).body.events).toEqual([]);
    const session = await writer.get('audit/events?session_id=session-1&limit=500');
    expect(session.body.events.length).toBeGreaterThan(300);
    expect(session.body.events.every((event) => event.session_id === 'session-1')).toBe(true);
    expect((await writer.get('audit/events?session_id=unknown')).body.events).toEqual([]);
    const [one] = session.body.events;
    expect((await writer.get(`audit/events?id=${one!.id}`)).body.events).toEqual([one]);
    expect((await writer.get('audit/events?verdict=maybe')).status).toBe(422);
    expect((await writer.get('audit/events?cursor=!!')).status).toBe(422);
    expect((await writer.get('audit/events/7')).body.seq).toBe(7);
    expect((await writer.get('audit/events/99999')).status).toBe(404);
    expect((await writer.get('audit/events/7/proof')).status).toBe(404);
    expect((await writer.get('audit/public-key')).status).toBe(404);
  });

  it('is exported whole, so that anyone can recompute the chain', async () => {
    const { text, status } = await writer.get('audit/export?format=ndjson');
    expect(status).toBe(200);
    const events = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEvent);
    expect(verifyChain(events)).toMatchObject({ ok: true, checked: ROWS });
    const csv = (await writer.get('audit/export?format=csv&verdict=deny')).text.trimEnd().split('\r\n');
    expect(csv).toHaveLength(1 + ROWS / 10);
    expect(csv[0]).toMatch(/^seq,id,ts,/);
  });

  it('is followed live, and from where a reader stopped', async () => {
    const late = await followed(writer, { 'last-event-id': String(ROWS - 3) });
    const live = await followed(writer);
    await eventually(() => expect(live.text()).toContain(`following after ${String(ROWS)}`));
    await add(exchanges(2));
    await eventually(() => {
      expect(live.seqs()).toEqual([ROWS + 1, ROWS + 2]);
      expect(late.seqs()).toEqual([ROWS - 2, ROWS - 1, ROWS, ROWS + 1, ROWS + 2]);
    });
    live.end();
    late.end();
    expect((await request(`${writer.url}/api/v1/audit/stream`)).statusCode).toBe(401);
  });
});

describe('sessions', () => {
  it('are told from the rows, and revoked once and for all', async () => {
    const { body } = await writer.get('sessions?status=active');
    const session = body.sessions.find(({ id }) => id === 'session-0');
    expect(session).toMatchObject({ agent_id: 'agent-0', calls: 408, status: 'active', ended_at: null });
    expect(session!.denials).toBeGreaterThan(10);
    const viewer = personToken(clock, ['viewer']);
    expect((await writer.call('DELETE', 'sessions/session-0', viewer)).status).toBe(403);
    expect((await writer.call('DELETE', 'sessions/session-0')).status).toBe(204);
    expect((await writer.call('DELETE', 'sessions/session-0')).status).toBe(204);
    expect((await writer.call('DELETE', 'sessions/unknown')).status).toBe(404);
    const told = writer.state.get('sessions.ended')?.value.sessions ?? {};
    expect(Object.keys(told)).toEqual(['session-0']);
    expect((await writer.get('sessions?status=ended')).body).toMatchObject({
      total: 1,
      sessions: [{ ended_by: 'ann' }],
    });
    const { rows } = await owner.query(`SELECT action, target, username FROM plane.changes`);
    expect(rows).toEqual([{ action: 'session.revoke', target: 'session-0', username: 'ann' }]);
  });
});

describe('the database logins', () => {
  it.each(['app', 'audit'] as const)('let nobody alter a row: %s', async (role) => {
    const client = new Client(databaseLogin(plane.dbUrl, role, plane.keys));
    await client.connect();
    await client.query(`SELECT set_config('behavry.tenant_id', $1, false)`, [TENANT]);
    expect((await client.query('SELECT seq FROM data.audit_events LIMIT 1')).rowCount).toBe(1);
    const refused = [
      `UPDATE data.audit_events SET verdict = 'allow'`,
      'UPDATE data.audit_events SET personal = NULL',
      'DELETE FROM data.audit_events',
      'TRUNCATE data.audit_events',
      'DELETE FROM data.audit_head',
      'SELECT * FROM data.audit_events_20260501',
      'DROP TABLE data.audit_events_20260501',
      ...(role === 'app'
        ? [
            `UPDATE data.audit_head SET seq = 1`,
            `UPDATE data.sessions SET ended_at = NULL`,
            `SELECT data.audit_ensure_partition('2030-01-01')`,
            `SELECT data.audit_erase_personal('a', 'b')`,
          ]
        : []),
    ];
    for (const statement of refused) {
      await expect(client.query(statement)).rejects.toMatchObject({ code: '42501' });
    }
    await client.query(`SELECT set_config('behavry.tenant_id', '', false)`);
    expect((await client.query('SELECT * FROM data.audit_events')).rowCount).toBe(0);
    await client.end();
  });
});

describe('verification', () => {
  const verify = async (range = '') => (await writer.get(`audit/verify${range}`)).body;
  it('passes an untouched chain, whole and in part', async () => {
    expect(await verify()).toEqual({ ok: true, checked: ROWS + 2 });
    expect(await verify('?from=600&to=700')).toEqual({ ok: true, checked: 101 });
    expect((await writer.get('audit/verify?from=0')).status).toBe(422);
  });

  it.each([
    ['a column', `UPDATE data.audit_events SET verdict = 'allow' WHERE seq = 601`, 601, 'modified'],
    [
      'a personal value',
      `UPDATE data.audit_events SET personal = jsonb_set(personal, '{target,value}', '"/etc"') WHERE seq = 2`,
      2,
      'modified',
    ],
    [
      'the text',
      `UPDATE data.audit_events SET canonical = replace(canonical, 'deny', 'allow') WHERE seq = 1`,
      1,
      'modified',
    ],
    ['a hash', `UPDATE data.audit_events SET hash = repeat('a', 64) WHERE seq = 500`, 500, 'modified'],
    ['a row taken out', 'DELETE FROM data.audit_events WHERE seq = 501', 501, 'missing'],
    ['a page taken out', 'DELETE FROM data.audit_events WHERE seq BETWEEN 501 AND 1100', 501, 'missing'],
    ['the beginning', 'DELETE FROM data.audit_events WHERE seq <= 2', 1, 'missing'],
    ['the end', `DELETE FROM data.audit_events WHERE seq > 1000`, 1001, 'truncated'],
    ['everything', 'DELETE FROM data.audit_events', 1, 'truncated'],
    ['the head', 'UPDATE data.audit_head SET seq = 900', 901, 'truncated'],
    ["the head's hash", `UPDATE data.audit_head SET hash = repeat('b', 64)`, ROWS + 2, 'modified'],
    [
      'the order',
      `UPDATE data.audit_events SET seq = CASE seq WHEN 10 THEN 11 ELSE 10 END WHERE seq IN (10, 11) AND ts < '2026-05-02'`,
      10,
      'reordered',
    ],
  ])('finds %s', async (_what, statement, seq, kind) => {
    await tampered(owner, statement, async () =>
      expect(await verify()).toMatchObject({ ok: false, first_bad: { seq, kind } }),
    );
    expect(await verify()).toEqual({ ok: true, checked: ROWS + 2 });
  });
});

describe('personal values', () => {
  const requester = (id: string) => ({ requester: { id, channel: 'slack', verified: true } });
  const shown = (text: string) => ({ target: { class: 'path', key: 'k'.repeat(32), shown: text } as const });
  const admin = personToken(clock, ['admin']);
  const ids: string[] = [];
  const exported = async (query = ''): Promise<(AuditEvent & { personal?: PersonalValues })[]> => {
    const { text } = await writer.get(`audit/export${query}`, admin);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  const erase = (by: Parameters<AuditChainRepository['erase']>[0]): Promise<number> =>
    withTenant(writer.app.get(DataSource), TENANT, (manager) =>
      new AuditChainRepository(manager, TENANT).erase(by),
    );
  const event = async (index: number): Promise<AuditEvent> =>
    (await writer.get(`audit/events?id=${ids[index]!}`)).body.events[0]!;

  beforeAll(async () => {
    const decisions = [
      decisionOf({ ...requester('ann "a" @example.org'), ...shown('/home/ann'), agent_id: 'kept' }),
      decisionOf({ ...requester('bob@example.org'), ...shown('/home/bob'), agent_id: 'leaving' }),
      decisionOf({ target: { class: 'query', key: 'q'.repeat(32), shown: null }, agent_id: 'leaving' }),
    ];
    ids.push(...decisions.map(({ id }) => id));
    await add(decisions.flatMap((decision) => [decision, outcomeOf(decision.id)]));
    await add([{ ...wholeOf(requester('ann "a" @example.org')), tenant_id: randomUUID() }]); // set aside
  });

  it('are read in clear, free text as its class and key, and hashed as salted digests', async () => {
    expect(await event(0)).toMatchObject({ requester_id: 'ann "a" @example.org', target: '/home/ann' });
    expect(await event(2)).toMatchObject({ requester_id: null, target: `query:${'q'.repeat(32)}` });
    const { text } = await writer.get('audit/export', personToken(clock, ['viewer']));
    expect(text).not.toMatch(/@example|home/);
    expect((await writer.get('audit/export?personal=true')).status).toBe(403);
    const row = (await exported('?personal=true')).find(({ id }) => id === ids[0]);
    const { salt, value } = row!.personal!.requester_id!;
    expect(row!.requester_id).toBe(`sha256:${sha256HexOf(salt + value)}`);
    expect((await writer.get('audit/export?format=csv')).text).toContain('/home/ann');
  });

  it('are gone once they were erased, and the chain still verifies, here and from the export', async () => {
    const before = await exported();
    expect(await erase({ requesterId: 'ann "a" @example.org' })).toBe(1);
    expect(await event(0)).toMatchObject({ requester_id: null, target: null, target_class: 'path' });
    expect(await event(1)).toMatchObject({ requester_id: 'bob@example.org' });
    expect(await erase({ agentId: 'leaving' })).toBe(1);
    expect(await event(1)).toMatchObject({ requester_id: null, target: null });
    const { rows } = await owner.query(
      `SELECT (SELECT count(*) FROM data.audit_events WHERE personal::text ~ 'ann|bob')
            + (SELECT count(*) FROM data.audit_rejected WHERE entry ~ 'ann') AS left`,
    );
    expect(rows).toEqual([{ left: '0' }]);
    const after = await exported();
    expect(after).toEqual(before);
    expect(verifyChain(after)).toMatchObject({ ok: true });
    expect((await writer.get('audit/verify')).body).toEqual({ ok: true, checked: after.length });
  });

  it('are erased for one tenant only', async () => {
    const other = await withTenant(writer.app.get(DataSource), randomUUID(), (manager) =>
      new AuditChainRepository(manager, TENANT).erase({ agentId: 'agent-1' }),
    );
    expect(other).toBe(0);
  });
});

describe('a live stream', () => {
  it('ends, and tells nothing more, when its reader is signed out', async () => {
    const people = writer.state.get('people')?.value ?? { people: {} };
    const live = await followed(writer);
    await eventually(() => expect(live.text()).toContain('following after'));
    await putAsOwner(writer.app, 'people', { ...people, ended_sessions: { j: '2100-01-01T00:00:00Z' } });
    await add(exchanges(1));
    await eventually(() => expect(live.isOver()).toBe(true), { timeoutMs: 10_000 });
    expect(live.seqs()).toEqual([]);
    await putAsOwner(writer.app, 'people', people);
  });
});
