import { Client } from 'pg';
import { request } from 'undici';
import { eventually } from '@behavry/testing';
import { startBundleSystem, type BundleSystem } from './bundle-system';

describe('while the database is away', () => {
  let system: BundleSystem;
  let owner: Client;
  let database: string;

  const ask = async (tenant: string, token: string): Promise<number> => {
    const answer = await request(`${system.url}/api/v1/opa/bundle/${tenant}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await answer.body.dump();
    return answer.statusCode;
  };

  beforeAll(async () => {
    system = await startBundleSystem();
    database = new URL(system.databaseUrl).pathname.slice(1);
    const server = new URL(system.databaseUrl);
    server.pathname = '/postgres';
    owner = new Client({ connectionString: server.href });
    await owner.connect();
  }, 120_000);

  afterAll(async () => {
    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    await owner.end();
    await system.stop();
  });

  it('known tokens go on for a minute, unknown ones are let in never', async () => {
    const tenant = await system.addTenant();
    const { token } = await system.addToken(tenant);
    await eventually(async () => {
      expect(await ask(tenant, token)).toBe(200);
    });

    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`);
    await owner.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    system.clock.advance(30_000);
    expect(await ask(tenant, token)).toBe(200);
    expect(await ask(tenant, 'dp_unknown')).toBe(503);
    system.clock.advance(31_000);
    expect(await ask(tenant, token)).toBe(503);

    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    await eventually(async () => {
      expect(await ask(tenant, token)).toBe(200);
    });
    expect(await ask(tenant, 'dp_unknown')).toBe(401);
  });
});
