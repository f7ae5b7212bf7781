import { join } from 'node:path';
import { Client } from 'pg';
import { databaseLogin, PlaneKeys, type DatabaseRole } from '@behavry/platform';
import { migrateTestDatabase, startTestPostgres, tempDir, type PlaneSchema, type TestPostgres } from '../src';

let postgres: TestPostgres;
let keys: PlaneKeys;

beforeAll(async () => {
  postgres = await startTestPostgres();
  keys = PlaneKeys.readOrMake(join(tempDir(), 'plane.key'));
}, 60_000);

afterAll(() => postgres.stop());

async function migrated(schemas: readonly PlaneSchema[]): Promise<string> {
  const url = await postgres.createDatabase();
  await migrateTestDatabase(url, schemas, keys);
  return url;
}

async function query(url: string, role: DatabaseRole, sql: string): Promise<readonly unknown[]> {
  const { host, port, database, user, password } = databaseLogin(url, role, keys);
  const client = new Client({ host, port, database, user, password });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

it('several at once copy one template, and what one writes the other does not see', async () => {
  const urls = await Promise.all([1, 2, 3].map(() => migrated(['control', 'data'])));
  expect(new Set(urls).size).toBe(3);
  const [one = '', two = ''] = urls;
  const owner = new Client({ connectionString: one });
  await owner.connect();
  await owner.query('CREATE TABLE data.mine AS SELECT 1 AS n');
  const { rows } = await owner.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_database WHERE datistemplate AND datname LIKE 'behavry_plane_control_data_%'`,
  );
  await owner.end();
  expect(rows).toEqual([{ n: 1 }]);
  await expect(query(two, 'app', 'SELECT * FROM data.mine')).rejects.toThrow('does not exist');
}, 60_000);

it('the logins of a copy may what those of a migrated database may, and no more', async () => {
  const url = await migrated(['data']);
  expect(await query(url, 'app', 'SELECT * FROM data.people')).toEqual([]);
  await expect(query(url, 'app', 'DELETE FROM data.audit_events')).rejects.toThrow('permission denied');
  await expect(query(url, 'app', 'CREATE TABLE data.x (n int)')).rejects.toThrow('permission denied');
  await expect(query(url, 'audit', 'SELECT * FROM data.people')).rejects.toThrow('permission denied');
}, 60_000);

it('a database that was migrated before keeps what is in it', async () => {
  const url = await migrated(['data']);
  const owner = new Client({ connectionString: url });
  await owner.connect();
  await owner.query('CREATE TABLE data.mine AS SELECT 1 AS n');
  await owner.end();
  await migrateTestDatabase(url, ['data'], keys);
  const again = new Client({ connectionString: url });
  await again.connect();
  expect((await again.query('SELECT * FROM data.mine')).rows).toEqual([{ n: 1 }]);
  await again.end();
}, 60_000);
