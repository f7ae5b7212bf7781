import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AUDIT_COMMITTED_QUEUE } from '@behavry/contracts';
import {
  eventually,
  startTestPostgres,
  startTestRedis,
  type TestPostgres,
  type TestRedis,
} from '@behavry/testing';
import { Counter, Gauge, Registry } from 'prom-client';
import {
  createLogger,
  databaseLogin,
  migratePlane,
  PgNotifications,
  PgPlaneStateStore,
  PlaneKeys,
  PlaneState,
  QueueBroker,
  RedisPlaneStateStore,
  SystemClock,
  type BrokerAddress,
  type PlaneStateStore,
} from '../src';

const log = createLogger('identity-jwks', 'silent', {});
const keys = PlaneKeys.readOrMake(join(mkdtempSync(join(tmpdir(), 'platform-')), 'plane.key'));
let postgres: TestPostgres;
let redis: TestRedis | undefined;
let url: string;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  postgres = await startTestPostgres();
  redis = await startTestRedis();
  url = await postgres.createDatabase();
  await migratePlane({ ownerUrl: url, schemas: [], keys, log });
}, 120_000);

afterAll(async () => {
  for (const close of closers.reverse()) await close();
  await redis?.stop();
  await postgres.stop();
});

function store(kind: 'redis' | 'postgres'): PlaneStateStore {
  if (kind === 'redis') {
    const made = new RedisPlaneStateStore(redis!.url, 'test', log);
    closers.push(() => made.close());
    return made;
  }
  const login = databaseLogin(url, 'app', keys);
  const pool = new Pool(login);
  const notifications = new PgNotifications(login, log);
  closers.push(
    () => pool.end(),
    () => notifications.close(),
  );
  return new PgPlaneStateStore(pool, notifications);
}

const forget = {
  postgres: async () => {
    const pool = new Pool({ connectionString: url });
    await pool.query('TRUNCATE plane.plane_state');
    await pool.end();
  },
  redis: async () => {
    const client = new Redis(redis!.url);
    await client.flushall();
    client.disconnect();
  },
};

async function state(kind: 'redis' | 'postgres'): Promise<PlaneState> {
  const made = new PlaneState(store(kind), new SystemClock(), log);
  await made.start();
  closers.push(() => made.close());
  return made;
}

describe.each(['postgres', 'redis'] as const)('plane state on %s', (kind) => {
  it('reaches every reader, in order of its versions, and those who come later', async () => {
    const owner = await state(kind);
    const reader = await state(kind);
    const seen: number[] = [];
    reader.watch('risk', ({ value }) => seen.push(value.agents['a']?.score ?? -1));
    const first = await owner.put('risk', { agents: { a: { score: 10, tier: 'low' } } });
    await eventually(() => expect(reader.get('risk')?.version).toBe(first));
    const second = await owner.put('risk', { agents: { a: { score: 80, tier: 'critical' } } });
    expect(second).toBeGreaterThan(first);
    await eventually(() => expect(seen).toEqual([10, 80]));
    const late = await state(kind);
    expect(late.get('risk')?.value.agents['a']?.tier).toBe('critical');
  });

  it('reaches readers also after the store has lost everything', async () => {
    const owner = await state(kind);
    const reader = await state(kind);
    const wanted = (at: string) => eventually(() => expect(reader.get('issuers.wanted')?.value.at).toBe(at));
    for (const at of ['1', '2', '3']) await owner.put('issuers.wanted', { at });
    await wanted('3');
    await forget[kind]();
    await owner.put('issuers.wanted', { at: '4' });
    await wanted('4');
  });

  it('tells of what changes with the traffic only those who watch it', async () => {
    const owner = await state(kind);
    const watching = await state(kind);
    const other = await state(kind);
    const before = other.get('audit.positions')?.version ?? 0;
    const seen: number[] = [];
    watching.watch('audit.positions', ({ value }) => seen.push(value.spools['s'] ?? -1));
    await owner.put('audit.positions', { spools: { s: 1 } });
    await owner.put('audit.positions', { spools: { s: 2 } });
    await eventually(() => expect(seen.at(-1)).toBe(2));
    // What is told later in order has arrived, so what came before it would have.
    const version = await owner.put('risk', { agents: {} });
    await eventually(() => expect(other.get('risk')?.version).toBe(version));
    expect(other.get('audit.positions')?.version ?? 0).toBe(before);
    await other.resynchronise();
    expect(other.get('audit.positions')?.value.spools).toEqual({ s: 2 });
  });
});

describe.each(['postgres', 'redis'] as const)('queues on %s', (kind) => {
  it('carry each job once, retry a failed one, and refuse what does not fit', async () => {
    const registry = new Registry();
    const metrics = {
      jobs: new Counter({
        name: 'jobs',
        help: 'x',
        labelNames: ['queue', 'result'] as const,
        registers: [registry],
      }),
      failing: new Gauge({
        name: 'failing',
        help: 'x',
        labelNames: ['queue'] as const,
        registers: [registry],
      }),
    };
    const address: BrokerAddress =
      kind === 'redis'
        ? { kind, url: redis!.url, prefix: 'test' }
        : { kind, login: databaseLogin(url, 'app', keys) };
    const broker = new QueueBroker(address, log, metrics);
    closers.push(() => broker.close());
    const taken: number[] = [];
    let failures = 1;
    broker.consume({ ...AUDIT_COMMITTED_QUEUE, attempts: 3 }, ({ seq }) => {
      if (seq === 2 && failures-- > 0) return Promise.reject(new Error('not yet'));
      taken.push(seq);
      return Promise.resolve();
    });
    const producer = broker.producer({ ...AUDIT_COMMITTED_QUEUE, attempts: 3 });
    for (const seq of [1, 2, 3]) await producer.add({ tenant_id: 't', seq }, { jobId: `job-${seq}` });
    await producer.add({ tenant_id: 't', seq: 'x' as unknown as number });
    await eventually(() => expect([...taken].sort()).toEqual([1, 2, 3]));
    await eventually(async () => expect(await registry.metrics()).toMatch(/jobs\{[^}]*result="failed"\} 2/));
  });
});
