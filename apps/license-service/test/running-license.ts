import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { request } from 'undici';
import { ROLES, type Mode, type Role } from '@behavry/contracts';
import { CONTROL_ENTITIES, TenantRepository } from '@behavry/db-control';
import {
  createLogger,
  createService,
  PlaneKeys,
  PlaneState,
  ServiceContext,
  SigningKeys,
  withTenant,
  type Clock,
} from '@behavry/platform';
import { freePort, migrateTestDatabase, putAsOwner, TestIssuer, type PlaneSchema } from '@behavry/testing';
import { appModule } from '../src/app.module';
import { LicenseConfig } from '../src/license-service.config';

export const TENANT = '0197a000-0000-7000-8000-000000000001';
export const OTHER_TENANT = '0197a000-0000-7000-8000-000000000002';
export const LICENSE_KEY = 'lic_right';

const ISSUER = new TestIssuer('people');
const SCHEMAS: Readonly<Record<Mode, readonly PlaneSchema[]>> = {
  standalone: ['control', 'data'],
  'control-plane': ['control'],
  'data-plane': ['data'],
};

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed body; tests assert what they read of it. */
  readonly json: Record<string, never>;
}

/** One running license-service on a migrated database. */
export interface RunningLicense {
  readonly url: string;
  readonly opsUrl: string;
  readonly state: PlaneState;
  readonly context: ServiceContext<LicenseConfig>;
  readonly signingKeys: SigningKeys;
  readonly app: NestFastifyApplication;
  /** The lines that it logged as errors. */
  readonly errors: readonly string[];
  call(method: string, path: string, options?: { token?: string; body?: unknown }): Promise<Answer>;
  stop(): Promise<void>;
}

/** Migrates and starts the app as its own process would, in this one; people's tokens of {@link personToken} work. */
export async function startLicense(
  dbUrl: string,
  folder: string,
  clock: Clock,
  settings: Partial<LicenseConfig>,
): Promise<RunningLicense> {
  const config = Object.assign(new LicenseConfig(), {
    dbUrl,
    dataDir: folder,
    secretsDir: join(folder, 'secrets'),
    ...settings,
  });
  const keys = PlaneKeys.readOrMake(join(config.secretsDir, 'plane.key'));
  const errors: string[] = [];
  const log = createLogger('license-service', 'error', {}, { write: (line) => errors.push(line) });
  await migrateTestDatabase(dbUrl, SCHEMAS[config.mode], keys);
  if (config.mode !== 'data-plane') await seedTenants(dbUrl);
  const context = new ServiceContext('license-service', '0.0.0', config, keys, log, clock);
  const app = await createService(
    { app: 'license-service', config: LicenseConfig, module: appModule },
    context,
  );
  await putAsOwner(app, 'issuers', ISSUER.trusted);
  await putAsOwner(app, 'people', {
    people: Object.fromEntries(
      ROLES.map((role) => [personOf(role), { roles: [role], super_admin: false, tokens_not_before: null }]),
    ),
  });
  await app.listen(0, '127.0.0.1');
  const opsPort = await freePort();
  await context.ops.listen('127.0.0.1', opsPort);
  const url = `http://127.0.0.1:${String((app.getHttpServer().address() as AddressInfo).port)}`;
  return {
    url,
    opsUrl: `http://127.0.0.1:${opsPort}`,
    context,
    state: app.get(PlaneState),
    signingKeys: app.get(SigningKeys),
    app,
    errors,
    call: (method, path, options) => call(url, method, path, options),
    async stop() {
      await context.ops.close();
      await app.close();
      await context.close();
    },
  };
}

function personOf(role: Role): string {
  return `0197a000-0000-7000-8000-0000000000a${String(ROLES.indexOf(role))}`;
}

/** A token of a person, as identity-jwks would give it. */
export function personToken(tenantId = TENANT, roles: readonly Role[] = ['admin']): string {
  const sub = personOf(roles[0] ?? 'viewer');
  // The clock of these tests goes far ahead.
  return ISSUER.personToken(roles, { sub, tenant_id: tenantId, username: 'admin', exp: 4_000_000_000 });
}

async function call(
  url: string,
  method: string,
  path: string,
  { token, body }: { token?: string; body?: unknown } = {},
): Promise<Answer> {
  const answer = await request(`${url}${path}`, {
    method: method as 'GET',
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  const json = (text.startsWith('{') ? JSON.parse(text) : {}) as Record<string, never>;
  return { status: answer.statusCode, headers: answer.headers, json };
}

async function seedTenants(dbUrl: string): Promise<void> {
  const owner = await new DataSource({
    type: 'postgres',
    url: dbUrl,
    entities: CONTROL_ENTITIES,
  }).initialize();
  const seeds = [
    { id: TENANT, slug: 'default', licenseKey: LICENSE_KEY },
    { id: OTHER_TENANT, slug: 'other', licenseKey: 'lic_other' },
  ];
  for (const { id, slug, licenseKey } of seeds) {
    await withTenant(owner, id, async (manager) => {
      const tenants = new TenantRepository(manager, id);
      if (await tenants.get()) return;
      await tenants.insert({
        slug,
        name: slug,
        planTier: 'enterprise',
        status: 'active',
        licenseKey,
        licenseExpiresAt: new Date(Date.UTC(2027, 2, 1)),
        maxAgents: -1,
        features: ['siem'],
        createdAt: new Date(Date.UTC(2026, 0, 1)),
      });
    });
  }
  await owner.destroy();
}
