// Long because one running service and one chain serve every case.
import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DataSource } from 'typeorm';
import {
  AUDIT_COMMITTED_QUEUE,
  type AuditRecord,
  type SequencedRecord,
  type Verdict,
} from '@behavry/contracts';
import { AuditChainRepository, AuditPartitions, DATA_ENTITIES, DATA_MIGRATIONS } from '@behavry/db-data';
import { auditFactOf } from '@behavry/domain';
import {
  createLogger,
  createService,
  loadConfig,
  ManualClock,
  migratePlane,
  openDatabase,
  PERSON_AUDIENCE,
  PlaneKeys,
  PlaneState,
  publicJwkOf,
  ServiceContext,
  withTenant,
} from '@behavry/platform';
import {
  eventually,
  freePort,
  putAsOwner,
  queuesAs,
  startTestPostgres,
  tempDir,
  type TestPostgres,
} from '@behavry/testing';
import { behaviorModule } from '../src/app.module';
import { BehaviorConfig } from '../src/behavior-monitor.config';

const TENANT = '019a0000-0000-7000-8000-000000000001';
const START = Date.UTC(2026, 5, 1, 12);
const signer = generateKeyPairSync('rsa', { modulusLength: 2048 });
const clock = new ManualClock(START);
const log = createLogger('behavior-monitor', 'silent', {});
let postgres: TestPostgres;
let url: string;
let keys: PlaneKeys;
let app: NestFastifyApplication;
let context: ServiceContext<BehaviorConfig>;
let writer: DataSource;

function token(): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({
    iss: 'behavry',
    aud: PERSON_AUDIENCE,
    sub: 'p-1',
    jti: 'j',
    tenant_id: TENANT,
    username: 'ann',
    roles: ['analyst'],
    exp: Date.UTC(2027, 1, 1) / 1000,
  })}`;
  return `${text}.${sign('sha256', Buffer.from(text), signer.privateKey).toString('base64url')}`;
}

async function start(): Promise<void> {
  const config = loadConfig(BehaviorConfig, {
    BEHAVRY_DB_URL: url,
    BEHAVRY_PORT: String(await freePort()),
    BEHAVRY_DATA_DIR: tempDir(),
    BEHAVRY_TENANT_ID: TENANT,
    BEHAVRY_BEHAVIOR_SWEEP_SECONDS: '1',
  });
  context = new ServiceContext('behavior-monitor', 'test', config, keys, log, clock);
  app = await createService(
    { app: 'behavior-monitor', config: BehaviorConfig, module: behaviorModule },
    context,
  );
  await putAsOwner(app, 'issuers', {
    issuers: [{ iss: 'behavry', keys: [publicJwkOf(signer.publicKey, 'k')], audiences: [PERSON_AUDIENCE] }],
  });
  await putAsOwner(app, 'people', {
    people: { 'p-1': { roles: ['analyst'], super_admin: false, tokens_not_before: null } },
  });
}

async function stop(): Promise<void> {
  await app.close();
  await context.close();
}

beforeAll(async () => {
  postgres = await startTestPostgres();
  url = await postgres.createDatabase();
  keys = PlaneKeys.readOrMake(join(tempDir(), 'plane.key'));
  await migratePlane({
    ownerUrl: url,
    schemas: [{ name: 'data', migrations: DATA_MIGRATIONS, entities: DATA_ENTITIES }],
    keys,
    log,
  });
  await start();
  writer = await openDatabase(context, { role: 'audit', entities: DATA_ENTITIES });
}, 120_000);

afterAll(async () => {
  await stop();
  await postgres.stop();
});

/** Rows as audit-writer chains them. */
async function chained(
  agentId: string,
  verdicts: readonly Verdict[],
  at = clock.now(),
): Promise<readonly SequencedRecord[]> {
  const ts = new Date(at).toISOString();
  await new AuditPartitions(writer).ensure([ts.slice(0, 10)]);
  const rows = verdicts.map((verdict): AuditRecord => ({
    v: 1,
    id: randomUUID(),
    tenant_id: TENANT,
    ts,
    kind: 'mcp',
    agent_id: agentId,
    session_id: 's',
    requester_id: null,
    requester_channel: null,
    workflow_id: null,
    delegation_id: null,
    depth: 0,
    action: 'read',
    action_class: 'read',
    tool: 't',
    server: 's',
    provider: null,
    model: null,
    target: null,
    target_class: null,
    target_key: null,
    resource_count: 0,
    verdict,
    policy: null,
    reason: 'r',
    reason_code: verdict === 'deny' ? 'policy_deny' : 'policy_allow',
    contributions: [],
    bundle_revision: null,
    config_revision: null,
    engine: null,
    risk_score: 0,
    dlp_findings: [],
    dlp_action: 'none',
    injection_findings: [],
    input_hash: null,
    bytes_up: 0,
    bytes_down: 0,
    tokens: null,
    cost: null,
    extra: {},
    outcome: verdict === 'deny' ? 'refused' : 'ok',
    response_code: 200,
    latency_ms: 1,
    error: null,
  }));
  return withTenant(writer, TENANT, async (manager) => {
    const chain = new AuditChainRepository(manager, TENANT);
    const personal = { requester_id: null, target: null };
    const { appended } = await chain.append(
      await chain.lockHead(),
      rows.map((record) => ({ record, personal })),
    );
    return appended.map((row) => row.record);
  });
}

async function tell(records: readonly SequencedRecord[]): Promise<void> {
  const facts = records.map((record) => auditFactOf(record, null, keys.derive('requester')));
  const queues = queuesAs(app, 'audit-writer');
  await queues.producer(AUDIT_COMMITTED_QUEUE).add({ tenant_id: TENANT, facts });
  await queues.close();
}

async function record(agentId: string, verdicts: readonly Verdict[]): Promise<void> {
  await tell(await chained(agentId, verdicts));
}

// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the body it checks
async function api<T>(method: 'GET' | 'POST', path: string): Promise<{ status: number; body: T }> {
  const response = await app.inject({
    method,
    url: `/api/v1${path}`,
    headers: { authorization: `Bearer ${token()}` },
  });
  return { status: response.statusCode, body: response.json() };
}

interface AlertList {
  readonly alerts: readonly { id: string; status: string; severity: string }[];
  readonly total: number;
}

/** Calls and refusals of an agent as the API counts them. */
async function counted(agentId: string): Promise<object> {
  const { body } = await api<{ last_hour: { calls: number; denials: number }[] }>(
    'GET',
    `/behavior/agents/${agentId}`,
  );
  return body.last_hour.map(({ calls, denials }) => ({ calls, denials }));
}

describe('rows', () => {
  it('are counted once each, told or not, told twice, late, or in the wrong order', async () => {
    const agent = randomUUID();
    const told = await chained(agent, ['allow', 'deny']);
    const untold = await chained(agent, ['deny']);
    const later = await chained(agent, ['allow']);
    await tell(later);
    await tell(told);
    await tell([...told, ...later]);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 4, denials: 2 }]));
    await tell(untold);
    await record(agent, ['allow']);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 5, denials: 2 }]));
  });

  it('that no job ever told are found by the sweep', async () => {
    const agent = randomUUID();
    await chained(agent, ['allow', 'allow']);
    await eventually(async () => expect(await counted(agent)).toEqual([{ calls: 2, denials: 0 }]));
  });
});

describe('an agent whose calls are denied', () => {
  const agent = randomUUID();

  it('has a higher score, explained, which reaches the next decision', async () => {
    await record(
      agent,
      Array.from({ length: 12 }, () => 'deny' as const),
    );
    await eventually(() => {
      expect(app.get(PlaneState).get('risk')?.value.agents[agent]).toEqual({ score: 25, tier: 'medium' });
    });
    const { body } = await api<{ parts: { name: string; value: number; evidence: string }[] }>(
      'GET',
      `/risk/agents/${agent}`,
    );
    expect(body.parts).toHaveLength(6);
    expect(body.parts).toContainEqual(
      expect.objectContaining({
        name: 'denial_rate',
        value: 100,
        evidence: '12 of 12 calls denied in 15 minutes',
      }),
    );
  });

  it('raises one alert, which a person acknowledges and resolves once', async () => {
    const { body } = await api<AlertList>('GET', `/alerts?agent_id=${agent}&status=open`);
    expect(body).toMatchObject({ total: 1, alerts: [{ severity: 'high' }] });
    const id = body.alerts[0]?.id ?? '';
    expect((await api('POST', `/alerts/${id}/acknowledge`)).status).toBe(200);
    expect((await api('POST', `/alerts/${id}/resolve`)).body).toMatchObject({
      status: 'resolved',
      resolved_by: 'ann',
    });
    expect(await api('POST', `/alerts/${id}/resolve`)).toMatchObject({
      status: 409,
      body: { code: 'state_conflict' },
    });
  });

  it('is counted once, also over a restart', async () => {
    await stop();
    await start();
    writer = await openDatabase(context, { role: 'audit', entities: DATA_ENTITIES });
    await record(agent, ['allow']);
    await eventually(async () => {
      const { body } = await api<{ last_hour: { calls: number; denials: number }[] }>(
        'GET',
        `/behavior/agents/${agent}`,
      );
      expect(body.last_hour).toEqual([expect.objectContaining({ calls: 13, denials: 12 })]);
    });
  });

  it('gets better slowly', async () => {
    clock.advance(20 * 60_000);
    await eventually(() => {
      const score = app.get(PlaneState).get('risk')?.value.agents[agent]?.score ?? 0;
      expect(score).toBeGreaterThan(0);
      expect(score).toBeLessThan(25);
    });
  });
});

it('scores are told anew though nothing changed, so that a silent monitor shows', async () => {
  const told = await eventually(() => {
    const value = app.get(PlaneState).get('risk')?.value;
    if (!value) throw new Error('no scores yet');
    return value;
  });
  clock.advance(20_000);
  await eventually(() => {
    expect(app.get(PlaneState).get('risk')?.value).toEqual({
      at: new Date(clock.now()).toISOString(),
      agents: told.agents,
    });
  });
});

it('an agent nobody heard of is not found', async () => {
  expect((await api('GET', `/risk/agents/${randomUUID()}`)).status).toBe(404);
});
