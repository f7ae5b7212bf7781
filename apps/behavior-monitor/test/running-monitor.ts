import { randomUUID } from 'node:crypto';
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
  PlaneKeys,
  ServiceContext,
  withTenant,
} from '@behavry/platform';
import {
  freePort,
  putAsOwner,
  queuesAs,
  startTestPostgres,
  tempDir,
  TestIssuer,
  type TestPostgres,
} from '@behavry/testing';
import { behaviorModule } from '../src/app.module';
import { BehaviorConfig } from '../src/behavior-monitor.config';

const TENANT = '019a0000-0000-7000-8000-000000000001';
const issuer = new TestIssuer();
/** After every time that the clock shows. */
const exp = Date.UTC(2027, 1, 1) / 1000;
const log = createLogger('behavior-monitor', 'silent', {});

/** The app on a real database, what audit-writer chains and tells it, and what people ask. */
export interface RunningMonitor {
  readonly app: NestFastifyApplication;
  readonly clock: ManualClock;
  readonly restart: () => Promise<void>;
  /** Chains rows as audit-writer does, and tells nobody. */
  readonly chained: (agentId: string, verdicts: readonly Verdict[]) => Promise<readonly SequencedRecord[]>;
  readonly tell: (records: readonly SequencedRecord[]) => Promise<void>;
  /** Chains rows and tells of them. */
  readonly record: (agentId: string, verdicts: readonly Verdict[]) => Promise<void>;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the body it checks
  readonly api: <T>(method: 'GET' | 'POST', path: string) => Promise<{ status: number; body: T }>;
}

/** Starts everything for the tests of the file it is called in. @returns what each test reads, once it runs */
export function runningMonitor(): RunningMonitor {
  const clock = new ManualClock(Date.UTC(2026, 5, 1, 12));
  let postgres: TestPostgres;
  let url: string;
  let keys: PlaneKeys;
  let app: NestFastifyApplication;
  let context: ServiceContext<BehaviorConfig>;
  let writer: DataSource;

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
    await putAsOwner(app, 'issuers', issuer.trusted);
    await putAsOwner(app, 'people', {
      people: { 'p-1': { roles: ['analyst'], super_admin: false, tokens_not_before: null } },
    });
    writer = await openDatabase(context, { role: 'audit', entities: DATA_ENTITIES });
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
  }, 120_000);

  afterAll(async () => {
    await stop();
    await postgres.stop();
  });

  async function chained(agentId: string, verdicts: readonly Verdict[]): Promise<readonly SequencedRecord[]> {
    const ts = new Date(clock.now()).toISOString();
    await new AuditPartitions(writer).ensure([ts.slice(0, 10)]);
    const rows = verdicts.map((verdict) => recordOf(agentId, verdict, ts));
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
      headers: {
        authorization: `Bearer ${issuer.personToken(['analyst'], { tenant_id: TENANT, sub: 'p-1', exp })}`,
      },
    });
    return { status: response.statusCode, body: response.json() };
  }

  return {
    get app() {
      return app;
    },
    clock,
    restart: async () => {
      await stop();
      await start();
    },
    chained,
    tell,
    record,
    api,
  };
}

/** A row of one call. */
function recordOf(agentId: string, verdict: Verdict, ts: string): AuditRecord {
  return {
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
  };
}
