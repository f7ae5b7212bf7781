import { randomBytes, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { extract } from 'tar-stream';
import { DataSource, type EntityManager } from 'typeorm';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataPlaneTokenRepository, PolicyRepository, TenantRepository } from '@behavry/db-control';
import { EVERYTHING, packageOf, type Concerns } from '@behavry/domain';
import { BUNDLE_BUILD_QUEUE } from '@behavry/contracts';
import {
  createLogger,
  createService,
  loadConfig,
  ManualClock,
  PlaneKeys,
  ServiceContext,
  sha256,
  SigningKeys,
  withTenant,
} from '@behavry/platform';
import {
  migrateTestDatabase,
  queuesAs,
  startTestPostgres,
  tempDir,
  workspaceRoot,
  type TestPostgres,
} from '@behavry/testing';
import { bundleModule } from '../src/app.module';
import { BundleConfig } from '../src/bundle-server.config';

export const START = Date.UTC(2026, 2, 17, 14, 30, 22);

/** bundle-server on a real database, and what a test needs around it. */
export interface BundleSystem {
  readonly url: string;
  readonly app: NestFastifyApplication;
  readonly database: DataSource;
  readonly clock: ManualClock;
  readonly postgres: TestPostgres;
  readonly databaseUrl: string;
  addTenant(): Promise<string>;
  addToken(tenantId: string, expiresAt?: Date): Promise<{ id: string; token: string }>;
  /** Says that a tenant's content changed, as the apps that change it do. */
  wake(tenantId: string): Promise<void>;
  /** Adds a policy and puts it in force. */
  activate(tenantId: string, content: string, concerns?: Concerns): Promise<void>;
  /** One transaction, and the wake-up after it. */
  within<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>): Promise<T>;
  publicKeyPem(): Promise<object>;
  /** Stops the app only. */
  close(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything; the clock stands until the test moves it. */
export async function startBundleSystem(): Promise<BundleSystem> {
  const postgres = await startTestPostgres();
  const databaseUrl = await postgres.createDatabase();
  const keys = PlaneKeys.readOrMake(join(tempDir(), 'plane.key'));
  const log = createLogger('bundle-server', 'silent', {});
  await migrateTestDatabase(databaseUrl, ['control'], keys);
  const clock = new ManualClock(START);
  const config = loadConfig(BundleConfig, {
    BEHAVRY_DB_URL: databaseUrl,
    BEHAVRY_POLICIES_DIR: join(workspaceRoot(), 'policies'),
    BEHAVRY_BUNDLE_SWEEP_SECONDS: '300',
  });
  const context = new ServiceContext('bundle-server', 'test', config, keys, log, clock);
  const app = await createService(
    { app: 'bundle-server', config: BundleConfig, module: bundleModule },
    context,
  );
  await app.listen(0, '127.0.0.1');
  const { port } = app.getHttpServer().address() as AddressInfo;
  const database = app.get(DataSource);
  const queues = queuesAs(app, 'policy-service');
  const jobs = queues.producer(BUNDLE_BUILD_QUEUE);
  const wake = async (tenantId: string): Promise<void> => {
    for (const part of ['policy', 'config'] as const) await jobs.add({ tenant_id: tenantId, part });
  };
  const within: BundleSystem['within'] = async (tenantId, work) => {
    const result = await withTenant(database, tenantId, work);
    await wake(tenantId);
    return result;
  };
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await queues.close();
    await app.close();
    await context.close();
  };
  return {
    url: `http://127.0.0.1:${String(port)}`,
    app,
    database,
    clock,
    postgres,
    databaseUrl,
    wake,
    within,
    close,
    addTenant: async () => {
      const id = randomUUID();
      await within(id, (manager) => new TenantRepository(manager, id).insert(tenant(id)));
      return id;
    },
    addToken: async (tenantId, expiresAt) => {
      const id = randomUUID();
      const token = `dp_${randomBytes(36).toString('base64url')}`;
      await within(tenantId, (manager) =>
        new DataPlaneTokenRepository(manager, tenantId).insert({
          id,
          tokenSha256: sha256(token),
          prefix: token.slice(0, 8),
          label: 'test',
          region: null,
          deploymentId: null,
          createdBy: null,
          createdAt: new Date(START),
          expiresAt: expiresAt ?? null,
        }),
      );
      return { id, token };
    },
    activate: async (tenantId, content, concerns = EVERYTHING) => {
      const place = packageOf(content, /package behavry\.(\w+)/.exec(content)?.[1] ?? '');
      if (!place.ok) throw new Error(place.fault.message);
      const id = randomUUID();
      const text = {
        name: place.package.name,
        description: '',
        category: place.package.category,
        package: place.package.text,
        content,
        tests: null,
        concerns,
      };
      await within(tenantId, async (manager) => {
        const policies = new PolicyRepository(manager, tenantId);
        await policies.insert(
          id,
          text,
          { personId: randomUUID(), username: 'ann', at: new Date(START) },
          null,
        );
        await policies.activate(id, 1, place.package.text, new Date(START));
      });
    },
    publicKeyPem: async () => {
      const [jwk] = await app.get(SigningKeys).publicKeys('bundle');
      if (!jwk) throw new Error('no bundle key');
      return jwk;
    },
    stop: async () => {
      await close();
      await postgres.stop();
    },
  };
}

/** The files of an archive by name, in its order. */
export async function unpack(archive: Uint8Array): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  const parser = extract();
  Readable.from([gunzipSync(archive)]).pipe(parser);
  for await (const entry of parser) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    files.set(entry.header.name, Buffer.concat(chunks).toString('utf8'));
  }
  return files;
}

function tenant(slug: string): Parameters<TenantRepository['insert']>[0] {
  return {
    slug,
    name: slug,
    planTier: 'trial',
    status: 'active',
    licenseKey: `lic_${slug}`,
    licenseExpiresAt: null,
    maxAgents: -1,
    features: [],
    createdAt: new Date(START),
  };
}
