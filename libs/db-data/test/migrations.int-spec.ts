import { randomBytes, randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { startTestPostgres, type TestPostgres } from '@behavry/test-components';
import { DATA_ENTITIES, DATA_MIGRATIONS, UplinkMemoryRepository } from '../src';

describe('data schema', () => {
  let postgres: TestPostgres;
  let role: string;
  let owner: DataSource;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const url = await postgres.createDatabase();
    role = `app_${randomBytes(4).toString('hex')}`;
    owner = await new DataSource({
      type: 'postgres',
      url,
      schema: 'data',
      entities: DATA_ENTITIES,
      migrations: DATA_MIGRATIONS,
      poolSize: 1,
      extra: { options: `-c behavry.app_role=${role} -c behavry.audit_role=${role}` },
    }).initialize();
    await owner.query(`CREATE ROLE ${role} NOSUPERUSER NOBYPASSRLS`);
    await owner.query('CREATE SCHEMA data');
    await owner.query(`GRANT USAGE ON SCHEMA data TO ${role}`);
    await owner.query(
      `ALTER DEFAULT PRIVILEGES IN SCHEMA data GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO ${role}`,
    );
  }, 60_000);

  afterAll(async () => {
    await owner.query('RESET ROLE');
    await owner.query(`DROP OWNED BY ${role}`);
    await owner.query(`DROP ROLE ${role}`);
    await owner.destroy();
    await postgres.stop();
  });

  it('goes up, all the way down, and up again, and leaves no drift', async () => {
    await owner.runMigrations({ transaction: 'each' });
    expect(await drift(owner)).toEqual([]);
    for (let left = DATA_MIGRATIONS.length; left > 0; left -= 1)
      await owner.undoLastMigration({ transaction: 'each' });
    const left = await owner.query<{ name: string }[]>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'data'::regnamespace
         AND relkind IN ('r', 'p', 'v', 'S') AND relname NOT LIKE 'migrations%'
       UNION ALL SELECT proname FROM pg_proc WHERE pronamespace = 'data'::regnamespace`,
    );
    expect(left).toEqual([]);
    await owner.runMigrations({ transaction: 'each' });
    expect(await drift(owner)).toEqual([]);
  });

  it('shows no row of any table to an app that has set no tenant', async () => {
    const tables = await owner.query<{ name: string; secured: boolean; forced: boolean }[]>(
      `SELECT relname AS name, relrowsecurity AS secured, relforcerowsecurity AS forced FROM pg_class c
       WHERE relnamespace = 'data'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
         AND EXISTS (SELECT 1 FROM pg_attribute a
                      WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)`,
    );
    expect(tables.length).toBeGreaterThan(1);
    expect(tables.filter(({ secured, forced }) => !secured || !forced)).toEqual([]);
  });

  it("remembers what the uplink tells it, fact by fact, for the plane's tenant alone", async () => {
    const tenantId = randomUUID();
    await owner.query(`SET ROLE ${role}`);
    await owner.transaction(async (manager) => {
      await manager.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
      const memory = new UplinkMemoryRepository(manager, tenantId);
      expect(await memory.read()).toMatchObject({ license: null, tokenState: 'unused' });
      await memory.write({ configGeneration: 7, configRevision: '20260101T000000Z' });
      await memory.write({ tokenState: 'accepted' });
      expect(await memory.read()).toMatchObject({ configGeneration: 7, tokenState: 'accepted' });
    });
    expect(await owner.query('SELECT * FROM data.uplink_memory')).toEqual([]);
    await owner.query('RESET ROLE');
  });
});

async function drift(source: DataSource): Promise<string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
