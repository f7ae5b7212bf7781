import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { ManualClock } from '@behavry/platform';
import { eventually, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { batchOf, decisionOf, outcomeOf } from './entries';
import { makePlane, startWriter, type RunningWriter, type TestPlane } from './running-writer';

const DAY_MS = 86_400_000;
const OFTEN = { auditVerifySeconds: 2 };
const clock = new ManualClock(Date.parse('2026-05-02T12:00:00Z'));
const spool = randomUUID();
let position = 0;
let postgres: TestPostgres;
let plane: TestPlane;
let owner: Client;
const writers: RunningWriter[] = [];

async function start(settings: object, lines: string[] = []): Promise<RunningWriter> {
  const writer = await startWriter(plane, clock, { settings, lines });
  writers.push(writer);
  return writer;
}

async function add(writer: RunningWriter, exchanges: number): Promise<void> {
  const entries = Array.from({ length: exchanges }, () => {
    const decision = decisionOf({ ts: new Date(clock.now()).toISOString() });
    return [decision, outcomeOf(decision.id)];
  }).flat();
  await writer.send(batchOf(spool, position + 1, entries));
  position += entries.length;
}

const ok = (writer: RunningWriter): Promise<number> => writer.metric('behavry_audit_chain_ok');
const seq = (writer: RunningWriter): Promise<number> => writer.metric('behavry_audit_chain_verified_seq');
const wholeAt = (writer: RunningWriter): Promise<number> =>
  writer.metric('behavry_audit_chain_whole_verified_at_seconds');
const within = { timeoutMs: 20_000 };

beforeAll(async () => {
  postgres = await startTestPostgres();
  plane = await makePlane(await postgres.createDatabase(), undefined);
  owner = new Client({ connectionString: plane.dbUrl });
  await owner.connect();
}, 60_000);

afterEach(async () => {
  for (const writer of writers.splice(0)) await writer.stop();
});

afterAll(async () => {
  await owner.end();
  await postgres.stop();
});

it('verifies what is new, and two writers show the same verdict', async () => {
  const [one, other] = [await start(OFTEN), await start(OFTEN)];
  await add(one, 20);
  await eventually(async () => expect([await seq(one), await seq(other)]).toEqual([20, 20]), within);
  await add(one, 5);
  await eventually(async () => expect([await seq(one), await seq(other)]).toEqual([25, 25]), within);
  expect([await ok(one), await ok(other)]).toEqual([1, 1]);
  expect(await wholeAt(one)).toBe(clock.now() / 1000);
}, 60_000);

it('leaves the verification to a writer that is at it', async () => {
  const tenants = await owner.query<{ tenant_id: string }>('SELECT tenant_id FROM data.audit_head');
  const key = [`behavry:audit-verify:${tenants.rows[0]?.tenant_id ?? ''}`];
  await owner.query('SELECT pg_advisory_lock(hashtext($1))', key);
  const writer = await start(OFTEN);
  await add(writer, 5);
  await eventually(
    async () => expect(await writer.metric('behavry_audit_writer_rows_total')).toBe(5),
    within,
  );
  const before = performance.now();
  await eventually(() => expect(performance.now() - before).toBeGreaterThan(5_000), within);
  expect(await seq(writer)).toBe(25);
  await owner.query('SELECT pg_advisory_unlock(hashtext($1))', key);
  await eventually(async () => expect(await seq(writer)).toBe(30), within);
}, 60_000);

it('finds in the night what was changed long ago, says so, and also after a restart; then that it was mended', async () => {
  const lines: string[] = [];
  const writer = await start(OFTEN, lines);
  await eventually(async () => expect(await seq(writer)).toBe(30), within);
  await owner.query('CREATE TEMP TABLE kept AS SELECT * FROM data.audit_events WHERE seq = 7');
  await owner.query(
    `UPDATE data.audit_events SET canonical = replace(canonical, 'allow', 'denied') WHERE seq = 7`,
  );
  // The day's looks read only what is new.
  await add(writer, 1);
  await eventually(async () => expect(await seq(writer)).toBe(31), within);
  expect(await ok(writer)).toBe(1);
  clock.advance(DAY_MS);
  await eventually(async () => expect(await ok(writer)).toBe(0), within);
  expect(await seq(writer)).toBe(31);
  const said = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(said).toContainEqual(
    expect.objectContaining({ level: 'error', event: 'audit_chain_broken', seq: 7, kind: 'modified' }),
  );

  const restarted: string[] = [];
  const next = await start({ auditVerifySeconds: 3_600 }, restarted);
  await eventually(async () => expect(await ok(next)).toBe(0), within);
  expect(restarted.join('')).toContain('audit_chain_broken');

  await owner.query('UPDATE data.audit_events e SET canonical = k.canonical FROM kept k WHERE e.seq = k.seq');
  await eventually(async () => expect(await ok(writer)).toBe(1), within);
  expect(lines.join('')).toContain('the chain is whole again');
}, 90_000);

it('a chain that was written anew as a whole does not agree with what was verified before', async () => {
  const writer = await start(OFTEN);
  await eventually(async () => expect(await ok(writer)).toBe(1), within);
  const hash = await owner.query<{ verified_hash: string }>(
    'SELECT verified_hash FROM data.audit_verification',
  );
  await owner.query(`UPDATE data.audit_verification SET verified_hash = repeat('a', 64)`);
  await eventually(async () => expect(await ok(writer)).toBe(0), within);
  await owner.query('UPDATE data.audit_verification SET verified_hash = $1', [hash.rows[0]?.verified_hash]);
  await eventually(async () => expect(await ok(writer)).toBe(1), within);
}, 60_000);
