import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  ROLES,
  type ClaimAnswer,
  type ClaimRequest,
  type Role,
  type Standing,
  type StandingAnswer,
  type StandingRequest,
} from '@behavry/contracts';
import { DATA_ENTITIES, DATA_MIGRATIONS } from '@behavry/db-data';
import {
  createLogger,
  createService,
  loadConfig,
  ManualClock,
  migratePlane,
  PlaneKeys,
  ServiceContext,
  sha256Hex,
} from '@behavry/platform';
import {
  freePortBlock,
  putAsOwner,
  startTestPostgres,
  tempDir,
  TestIssuer,
  type TestPostgres,
} from '@behavry/testing';
import { escalationModule } from '../src/app.module';
import { EscalationConfig } from '../src/escalation-worker.config';

export const TENANT = '019a0000-0000-7000-8000-000000000001';
const issuer = new TestIssuer();
/** Of an administrator of the test's tenant. */
export const API_KEY = `bak_${'k'.repeat(43)}`;
/** After every time that the clock shows. */
const exp = Date.UTC(2027, 1, 1) / 1000;
const log = createLogger('escalation-worker', 'silent', {});

type Escalated = Exclude<ClaimAnswer, { state: 'limit' }>;

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>> & {
    readonly escalations?: readonly { id: string; agent_id: string }[];
  };
}

/** The app on a real database, with what proxies and people ask of it. */
export interface RunningWorker {
  readonly app: NestFastifyApplication;
  readonly clock: ManualClock;
  readonly databaseUrl: string;
  readonly opsUrl: string;
  /** Stops the app and starts it anew, with other settings. */
  readonly restart: (settings?: Readonly<Record<string, string>>) => Promise<void>;
  /** Asks as a proxy does. */
  readonly ask: (
    request: ClaimRequest | StandingRequest,
    signal?: AbortSignal,
    path?: string,
  ) => Promise<Response>;
  /** Asks for what must be answered with an escalation. */
  readonly claim: (request: ClaimRequest, signal?: AbortSignal) => Promise<Escalated>;
  /** Asks how escalations of the test's tenant stand. */
  readonly standing: (request: Omit<StandingRequest, 'tenant_id'>) => Promise<readonly Standing[]>;
  readonly people: (
    method: 'GET' | 'POST',
    path: string,
    roles: readonly Role[],
    body?: object,
    tenant?: string,
  ) => Promise<Answer>;
}

/** Starts everything for the tests of the file it is called in. @returns what each test reads, once it runs */
export function runningWorker(): RunningWorker {
  const clock = new ManualClock(Date.UTC(2026, 5, 1));
  let postgres: TestPostgres;
  let url: string;
  let keys: PlaneKeys;
  let app: NestFastifyApplication;
  let context: ServiceContext<EscalationConfig>;
  let opsUrl: string;

  async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const port = await freePortBlock(2);
    const config = loadConfig(EscalationConfig, {
      BEHAVRY_DB_URL: url,
      BEHAVRY_PORT: String(port),
      BEHAVRY_DATA_DIR: tempDir(),
      BEHAVRY_ESCALATION_SWEEP_SECONDS: '1',
      ...settings,
    });
    context = new ServiceContext('escalation-worker', 'test', config, keys, log, clock);
    app = await createService(
      { app: 'escalation-worker', config: EscalationConfig, module: escalationModule },
      context,
    );
    await context.ops.listen('127.0.0.1', port + 1);
    opsUrl = `http://127.0.0.1:${port + 1}`;
    await putAsOwner(app, 'issuers', issuer.trusted);
    await putAsOwner(app, 'people', {
      people: Object.fromEntries(
        ROLES.map((role) => [`the ${role}`, { roles: [role], super_admin: false, tokens_not_before: null }]),
      ),
      api_keys: {
        [sha256Hex(API_KEY)]: {
          ...{ id: 'key-1', person_id: 'the admin', tenant_id: TENANT, username: 'ann', role: 'admin' },
          expires_at: '2027-01-01T00:00:00Z',
        },
      },
    });
  }

  async function stop(): Promise<void> {
    await app.close();
    await context.ops.close();
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

  async function standing(request: Omit<StandingRequest, 'tenant_id'>): Promise<readonly Standing[]> {
    const response = await ask({ tenant_id: TENANT, ...request }, undefined, '/standing');
    expect(response.status).toBe(200);
    return ((await response.json()) as StandingAnswer).states;
  }

  function ask(request: ClaimRequest | StandingRequest, signal?: AbortSignal, path = ''): Promise<Response> {
    return fetch(`${opsUrl}/internal/claims${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${keys.internalBearer}`, 'content-type': 'application/json' },
      body: JSON.stringify(request),
      ...(signal ? { signal } : {}),
    });
  }

  async function claim(request: ClaimRequest, signal?: AbortSignal): Promise<Escalated> {
    const response = await ask(request, signal);
    expect(response.status).toBe(200);
    const answer = (await response.json()) as ClaimAnswer;
    if (answer.state === 'limit') throw new Error('too many calls wait');
    return answer;
  }

  async function people(
    method: 'GET' | 'POST',
    path: string,
    roles: readonly Role[],
    body?: object,
    tenant = TENANT,
  ): Promise<Answer> {
    const token = issuer.personToken(roles, { tenant_id: tenant, sub: `the ${roles.join()}`, exp });
    const response = await app.inject({
      method,
      url: `/api/v1/escalations${path}`,
      headers: { authorization: `Bearer ${token}` },
      ...(body ? { payload: body } : {}),
    });
    return { status: response.statusCode, body: response.json() };
  }

  return {
    get app() {
      return app;
    },
    clock,
    get databaseUrl() {
      return url;
    },
    get opsUrl() {
      return opsUrl;
    },
    restart: async (settings) => {
      await stop();
      await start(settings);
    },
    ask,
    claim,
    standing,
    people,
  };
}

/** A call that a person must decide. */
export function call(changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    decision_id: randomUUID(),
    tenant_id: TENANT,
    agent_id: randomUUID(),
    session_id: 's',
    kind: 'mcp',
    server: 'files',
    server_digest: 'digest-1',
    tool: 'write_file',
    action: 'write',
    target: { class: 'path', key: 'ab', shown: '/x' },
    arguments_digest: `sha256:${randomUUID()}`,
    arguments: { path: '/x', canary: 'payload-canary' },
    beside: { _meta: { note: 'beside-canary' } },
    policy: 'base.demo',
    policy_id: 'policy-1',
    policy_version: 1,
    reason: 'needs a person',
    risk_tier: 'low',
    hold_ms: 0,
    ...changes,
  };
}
