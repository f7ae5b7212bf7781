import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource, type EntityManager } from 'typeorm';
import { startTestPostgres, type TestPostgres } from '@behavry/test-components';
import {
  CONTROL_ENTITIES,
  CONTROL_MIGRATIONS,
  dataPlaneTokenByHash,
  DataPlaneTokenRepository,
  EnrollmentTokenRepository,
  listTenants,
  PersonRepository,
  personByUsername,
  TenantRepository,
} from '../src';

const NOW = new Date('2026-01-01T00:00:00Z');

describe('control schema', () => {
  let postgres: TestPostgres;
  let role: string;
  let owner: DataSource;
  let app: DataSource;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const url = await postgres.createDatabase();
    role = `app_${randomBytes(4).toString('hex')}`;
    owner = await new DataSource({
      type: 'postgres',
      url,
      schema: 'control',
      entities: CONTROL_ENTITIES,
      migrations: CONTROL_MIGRATIONS,
      poolSize: 1,
      extra: { options: `-c behavry.app_role=${role} -c behavry.audit_role=${role}` },
    }).initialize();
    await owner.query(`CREATE ROLE ${role} LOGIN PASSWORD 'app' NOSUPERUSER NOBYPASSRLS`);
    await owner.query('CREATE SCHEMA control');
    await owner.query(`GRANT USAGE ON SCHEMA control TO ${role}`);
    await owner.query(
      `ALTER DEFAULT PRIVILEGES IN SCHEMA control GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    );
    const appUrl = new URL(url);
    appUrl.username = role;
    appUrl.password = 'app';
    app = new DataSource({ type: 'postgres', url: appUrl.href, entities: CONTROL_ENTITIES });
  }, 60_000);

  afterAll(async () => {
    if (app.isInitialized) await app.destroy();
    await owner.query(`DROP OWNED BY ${role}`);
    await owner.query(`DROP ROLE ${role}`);
    await owner.destroy();
    await postgres.stop();
  });

  it('goes up, all the way down, and up again, and leaves no drift', async () => {
    await owner.runMigrations({ transaction: 'each' });
    expect(await drift(owner)).toEqual([]);
    for (let left = CONTROL_MIGRATIONS.length; left > 0; left -= 1)
      await owner.undoLastMigration({ transaction: 'each' });
    const left = await owner.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'control'::regnamespace
         AND relkind IN ('r', 'p', 'v', 'S') AND relname NOT LIKE 'migrations%'
       UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'control'::regnamespace`,
    );
    expect(left).toEqual([]);
    await owner.runMigrations({ transaction: 'each' });
    expect(await drift(owner)).toEqual([]);
    await app.initialize();
  });

  it('shows and takes rows of the tenant that is set, and no others', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await within(mine, (manager) => new TenantRepository(manager, mine).insert(tenant('mine')));
    await within(theirs, (manager) => new TenantRepository(manager, theirs).insert(tenant('theirs')));
    await within(mine, (manager) => new PersonRepository(manager, mine).insert(person('ann')));

    expect(await app.query('SELECT id FROM control.tenants')).toEqual([]);
    expect(await app.query('SELECT id FROM control.people')).toEqual([]);
    const seen = await within(theirs, (manager) =>
      manager.query<{ id: string }[]>('SELECT id FROM control.tenants'),
    );
    expect(seen).toEqual([{ id: theirs }]);
    await expect(
      within(theirs, (manager) => new PersonRepository(manager, mine).insert(person('eve'))),
    ).rejects.toThrow(/row-level security/);

    const slugs = (await listTenants(app.manager)).map(({ slug }) => slug);
    expect(slugs.sort()).toEqual(['mine', 'theirs']);
    expect(await personByUsername(app.manager, 'ann')).toMatchObject({ tenantId: mine, active: true });
    expect(await personByUsername(app.manager, 'nobody')).toBeUndefined();
  });

  it('gives an enrolment token to exactly one of many callers', async () => {
    const { id: tenantId } = (await listTenants(app.manager))[0] ?? { id: '' };
    const id = randomUUID();
    await within(tenantId, (manager) =>
      new EnrollmentTokenRepository(manager, tenantId).insert({
        id,
        tokenSha256: randomBytes(32),
        label: 'one',
        roles: [],
        permissions: [],
        createdBy: null,
        createdAt: NOW,
        expiresAt: new Date(NOW.getTime() + 1000),
      }),
    );
    const redeem = (now: Date): Promise<boolean> =>
      within(tenantId, (manager) =>
        new EnrollmentTokenRepository(manager, tenantId).redeem(id, randomUUID(), now),
      );
    expect(await redeem(new Date(NOW.getTime() + 1000))).toBe(false);
    const told = await Promise.all(Array.from({ length: 8 }, () => redeem(NOW)));
    expect(told.filter(Boolean)).toHaveLength(1);
  });

  it('binds a data-plane token to the first deployment that shows it', async () => {
    const { id: tenantId } = (await listTenants(app.manager))[0] ?? { id: '' };
    const id = randomUUID();
    const tokenSha256 = randomBytes(32);
    await within(tenantId, (manager) =>
      new DataPlaneTokenRepository(manager, tenantId).insert({
        id,
        tokenSha256,
        prefix: 'dp_12345',
        label: 'a',
        region: null,
        deploymentId: null,
        createdBy: null,
        createdAt: NOW,
        expiresAt: null,
      }),
    );
    const bound = await Promise.all(
      ['dp-1', 'dp-2'].map((name) =>
        within(tenantId, (manager) => new DataPlaneTokenRepository(manager, tenantId).bind(id, name)),
      ),
    );
    expect(new Set(bound).size).toBe(1);
    expect(await dataPlaneTokenByHash(app.manager, tokenSha256)).toMatchObject({
      id,
      tenantId,
      deploymentId: bound[0],
      internal: false,
      revokedAt: null,
    });
    expect(await dataPlaneTokenByHash(app.manager, randomBytes(32))).toBeUndefined();
  });

  function within<T>(tenantId: string, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return app.transaction(async (manager) => {
      await manager.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
      return work(manager);
    });
  }
});

async function drift(source: DataSource): Promise<string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
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
    createdAt: NOW,
  };
}

function person(username: string): Parameters<PersonRepository['insert']>[0] {
  return {
    id: randomUUID(),
    username,
    email: null,
    passwordHash: 'x',
    roles: ['admin'],
    superAdmin: false,
    createdAt: NOW,
  };
}
