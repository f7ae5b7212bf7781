import { generateKeyPairSync, sign } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE, ROLES, type AuditEvent, type AuditEventsPayload } from '@behavry/contracts';
import { DATA_ENTITIES, DATA_MIGRATIONS } from '@behavry/db-data';
import {
  createLogger,
  createService,
  migratePlane,
  PERSON_AUDIENCE,
  PlaneKeys,
  PlaneSignalBus,
  PlaneState,
  publicJwkOf,
  ServiceContext,
  SystemClock,
  type Clock,
} from '@behavry/platform';
import { putAsOwner, queuesAs, tempDir } from '@behavry/testing';
import { appModule } from '../src/app.module';
import { AuditWriterConfig } from '../src/audit-writer.config';
import { TENANT } from './entries';

const signer = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Where a test's plane lives: a migrated database, its key, and Redis or not. */
export interface TestPlane {
  readonly dbUrl: string;
  readonly redisUrl: string | undefined;
  readonly folder: string;
  readonly keys: PlaneKeys;
}

/** Migrates an empty database. */
export async function makePlane(dbUrl: string, redisUrl: string | undefined): Promise<TestPlane> {
  const folder = tempDir();
  const keys = PlaneKeys.readOrMake(join(folder, 'plane.key'));
  await migratePlane({
    ownerUrl: dbUrl,
    schemas: [{ name: 'data', migrations: DATA_MIGRATIONS, entities: DATA_ENTITIES }],
    keys,
    log: createLogger('audit-writer', 'silent', {}),
  });
  return { dbUrl, redisUrl, folder, keys };
}

/** A key prefix of its own for each test plane, so that one Redis serves all. */
export function redisPrefix(plane: TestPlane): string {
  return new URL(plane.dbUrl).pathname.slice(1).replaceAll(/[^a-z0-9_-]/g, '_');
}

/** A parsed answer; tests assert what they read of it. */
export interface Body {
  readonly events: readonly AuditEvent[];
  readonly next_cursor: string | null;
  readonly sessions: readonly { readonly id: string; readonly denials: number }[];
  readonly seq: number;
  readonly usage: readonly Readonly<Record<string, unknown>>[];
  readonly total: number;
}

export interface RunningWriter {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly context: ServiceContext<AuditWriterConfig>;
  readonly state: PlaneState;
  /** Sends a batch as a proxy does. @param signedText what is signed; the batch itself when left out */
  send(batch: AuditEventsPayload, jobId?: string, signedText?: string): Promise<void>;
  get(path: string, token?: string): Promise<{ status: number; body: Body; text: string }>;
  call(method: 'POST' | 'DELETE', path: string, token?: string): Promise<{ status: number; body: Body }>;
  positions(): Readonly<Record<string, number>>;
  metric(name: string): Promise<number>;
  stop(): Promise<void>;
}

export interface WriterOptions {
  readonly settings?: Partial<AuditWriterConfig>;
  /** Gets what it logs, line by line. */
  readonly lines?: string[];
}

/** Starts the app as its own process would, in this one. */
export async function startWriter(
  plane: TestPlane,
  clock: Clock = new SystemClock(),
  { settings = {}, lines }: WriterOptions = {},
): Promise<RunningWriter> {
  const config = Object.assign(new AuditWriterConfig(), {
    dbUrl: plane.dbUrl,
    redisPrefix: redisPrefix(plane),
    dataDir: plane.folder,
    tenantId: TENANT,
    logLevel: 'silent',
    ...(plane.redisUrl === undefined ? {} : { redisUrl: plane.redisUrl }),
    ...settings,
  });
  const log = lines
    ? createLogger('audit-writer', 'info', {}, { write: (line) => lines.push(line) })
    : createLogger('audit-writer', process.env['TEST_LOG'] ?? 'silent', {});
  const context = new ServiceContext('audit-writer', 'test', config, plane.keys, log, clock);
  const app = await createService(
    { app: 'audit-writer', config: AuditWriterConfig, module: appModule },
    context,
  );
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const url = `http://127.0.0.1:${String(port)}`;
  const state = app.get(PlaneState);
  await putAsOwner(app, 'issuers', {
    issuers: [{ iss: 'behavry', keys: [publicJwkOf(signer.publicKey, 'k')], audiences: [PERSON_AUDIENCE] }],
  });
  await putAsOwner(app, 'people', {
    people: Object.fromEntries(
      [[], ...ROLES.map((role) => [role])].map((roles) => [
        `the ${roles.join()}`,
        { roles, super_admin: false, tokens_not_before: null },
      ]),
    ),
  });
  const queues = queuesAs(app, 'mcp-proxy');
  const producer = queues.producer(AUDIT_EVENTS_QUEUE);
  const positions: Record<string, number> = {};
  app.get(PlaneSignalBus).on('audit.positions', ({ spools }) => Object.assign(positions, spools));
  const ask = async (method: 'GET' | 'POST' | 'DELETE', path: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await request(`${url}/api/v1/${path}`, { method, headers });
    const text = await answer.body.text();
    return {
      status: answer.statusCode,
      text,
      body: text.startsWith('{') && !text.includes('}\n{') ? JSON.parse(text) : {},
    };
  };
  return {
    url,
    app,
    context,
    state,
    send: (batch, jobId, signedText) =>
      (signedText === undefined
        ? producer
        : queues.producer({ ...AUDIT_EVENTS_QUEUE, signedText: () => signedText })
      ).add(batch, jobId === undefined ? {} : { jobId }),
    get: (path, token = personToken(clock, ['viewer'])) => ask('GET', path, token),
    call: (method, path, token = personToken(clock, ['analyst'])) => ask(method, path, token),
    positions: () => positions,
    metric: async (name) => {
      const { values } = (await context.metrics.getSingleMetric(name)?.get()) ?? { values: [] };
      return values[0]?.value ?? 0;
    },
    async stop() {
      await queues.close();
      await app.close();
      await context.close();
    },
  };
}

/** A person's token, as identity-jwks signs it. */
export function personToken(clock: Clock, roles: readonly string[], tenantId = TENANT): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${encode({ alg: 'RS256', kid: 'k' })}.${encode({
    iss: 'behavry',
    aud: PERSON_AUDIENCE,
    sub: `the ${roles.join()}`,
    jti: 'j',
    tenant_id: tenantId,
    username: 'ann',
    roles,
    exp: Math.floor(clock.now() / 1000) + 3600,
  })}`;
  return `${text}.${sign('sha256', Buffer.from(text), signer.privateKey).toString('base64url')}`;
}
