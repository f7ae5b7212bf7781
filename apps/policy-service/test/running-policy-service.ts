import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { allContentCounters, PublishedDocumentRepository, TenantRepository } from '@behavry/db-control';
import {
  createLogger,
  createService,
  PlaneKeys,
  ServiceContext,
  SystemClock,
  withTenant,
} from '@behavry/platform';
import {
  eventually,
  migrateTestDatabase,
  opaForTests,
  putAsOwner,
  queuesAs,
  tempDir,
  TestIssuer,
  workspaceRoot,
} from '@behavry/testing';
import { BUNDLE_BUILD_QUEUE, ROLES, type Role } from '@behavry/contracts';
import { policyModule } from '../src/app.module';
import { PolicyConfig } from '../src/policy-service.config';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests assert what they read of it
  readonly json: any;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH';

/** One policy-service on a migrated database with one tenant, and who may call it. */
export interface RunningPolicyService {
  readonly tenantId: string;
  readonly database: DataSource;
  call(method: Method, path: string, body?: unknown, options?: CallOptions): Promise<Answer>;
  /** Adds a further tenant. */
  addTenant(): Promise<string>;
  /** What a bundle-server would have been woken for. */
  readonly heard: string[];
  /** Whether changes are followed by publications, as with a bundle-server at work. */
  setBuilding(isBuilding: boolean): void;
  stop(): Promise<void>;
}

export interface CallOptions {
  /** `policy_author` when not given; null sends no token. */
  readonly role?: Role | null;
  readonly tenantId?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Migrates and starts the app as its own process would, in this one. */
export async function startPolicyService(
  dbUrl: string,
  settings: Partial<PolicyConfig> = {},
): Promise<RunningPolicyService> {
  const folder = tempDir();
  const config = Object.assign(new PolicyConfig(), {
    mode: 'control-plane',
    dbUrl,
    dataDir: folder,
    secretsDir: join(folder, 'secrets'),
    logLevel: 'silent',
    opaBin: await opaForTests(),
    policiesDir: join(workspaceRoot(), 'policies'),
    ...settings,
  });
  const keys = PlaneKeys.readOrMake(join(config.secretsDir, 'plane.key'));
  const log = createLogger('policy-service', 'silent', {});
  await migrateTestDatabase(dbUrl, ['control'], keys);
  const context = new ServiceContext('policy-service', '0.0.0', config, keys, log, new SystemClock());
  const app = await createService(
    { app: 'policy-service', config: PolicyConfig, module: policyModule },
    context,
  );
  await app.getHttpAdapter().getInstance().ready();
  const issuer = new TestIssuer();
  await putAsOwner(app, 'issuers', issuer.trusted);
  await putAsOwner(app, 'people', {
    people: Object.fromEntries(
      ROLES.map((role) => [personOf(role), { roles: [role], super_admin: false, tokens_not_before: null }]),
    ),
  });
  const database = app.get(DataSource);
  const tenantId = await addTenant(database);
  const builder = follow(app);

  return {
    tenantId,
    database,
    heard: builder.heard,
    setBuilding: builder.setBuilding,
    addTenant: () => addTenant(database),
    async call(
      method,
      path,
      body,
      { role = 'policy_author', tenantId: tenant = tenantId, headers = {} } = {},
    ) {
      const answer = await app
        .getHttpAdapter()
        .getInstance()
        .inject({
          method,
          url: path,
          headers: {
            ...(role === null ? {} : { authorization: `Bearer ${token(tenant, role)}` }),
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers,
          },
          ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
        });
      return {
        status: answer.statusCode,
        headers: answer.headers,
        json: answer.body.startsWith('{') ? (JSON.parse(answer.body) as unknown) : undefined,
      };
    },
    async stop() {
      await builder.stop();
      await app.close();
      await context.close();
    },
  };

  function token(tenant: string, role: Role): string {
    return issuer.personToken([role], { sub: personOf(role), tenant_id: tenant, username: `the-${role}` });
  }
}

async function addTenant(database: DataSource): Promise<string> {
  const id = randomUUID();
  await withTenant(database, id, (manager) =>
    new TenantRepository(manager, id).insert({
      slug: id,
      name: id,
      planTier: 'trial',
      status: 'active',
      licenseKey: `lic_${id}`,
      licenseExpiresAt: null,
      maxAgents: -1,
      features: [],
      createdAt: new Date(),
    }),
  );
  return id;
}

/** Publishes an empty document per change, in place of the bundle-server that belongs to another process. */
function follow(app: NestFastifyApplication): {
  heard: string[];
  setBuilding: (isBuilding: boolean) => void;
  stop: () => Promise<void>;
} {
  const database = app.get(DataSource);
  const heard: string[] = [];
  let isBuilding = true;
  let generation = 0;
  const build = async (): Promise<void> => {
    for (const [tenantId, counters] of await allContentCounters(database.manager)) {
      await withTenant(database, tenantId, async (manager) => {
        const documents = new PublishedDocumentRepository(manager, tenantId);
        const head = await documents.head('policy');
        if (head && head.contentCounter >= counters.policy) return;
        generation += 1;
        await documents.publish('policy', {
          revision: `20260101T${String(generation).padStart(6, '0')}Z`,
          generation,
          digest: '',
          contentCounter: counters.policy,
          signedBy: 'nobody',
          policyCount: 0,
          body: Buffer.alloc(0),
          signedBody: null,
          createdAt: new Date(),
        });
      });
    }
  };
  const queues = queuesAs(app, 'bundle-server');
  queues.consume(BUNDLE_BUILD_QUEUE, async ({ tenant_id: tenantId, part }) => {
    heard.push(`${tenantId} ${part}`);
    if (isBuilding) await build();
  });
  return {
    heard,
    setBuilding: (wanted) => (isBuilding = wanted),
    stop: async () => {
      await queues.close();
    },
  };
}

/** A client of the database's owner, which no policy of rows hides anything from. */
export async function ownerQuery<T>(dbUrl: string, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new Client({ connectionString: dbUrl });
  await client.connect();
  try {
    return (await client.query(sql, values)).rows as T[];
  } finally {
    await client.end();
  }
}

export { eventually };

function personOf(role: Role): string {
  return `0197a000-0000-7000-8000-0000000000a${String(ROLES.indexOf(role))}`;
}
