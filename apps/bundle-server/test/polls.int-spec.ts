import { Client } from 'pg';
import { DataPlaneTokenRepository } from '@behavry/db-control';
import { eventually } from '@behavry/testing';
import { START } from './bundle-system';
import { bundleTenant, policy, type Answer } from './bundle-tenant';

const its = bundleTenant();
const { bearer, bundlePath, get, waiters } = its;

/** A poll that waits: its caller has the present bundle, whose headers come along. */
async function hold() {
  const { headers } = await get(bundlePath(), bearer());
  const held = get(bundlePath(), { ...bearer(), prefer: 'wait=30', 'if-none-match': headers['etag'] ?? '' });
  await eventually(async () => {
    expect(await waiters()).toBe(1);
  });
  return { headers, held };
}

describe('a held poll', () => {
  it('is answered at once with the type that keeps OPA polling, when it has something', async () => {
    const { status, headers } = await get(bundlePath(), {
      ...bearer(),
      prefer: 'modes=snapshot,delta;wait=45',
    });
    expect([status, headers['content-type']]).toEqual([200, 'application/vnd.openpolicyagent.bundles']);
  });

  it('gets the new bundle as soon as it is there', async () => {
    const { headers, held } = await hold();
    const activatedAt = performance.now();
    await its.system.activate(its.tenant, policy('third', 'c'));
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(String(answer.headers['x-bundle-revision']) > String(headers['x-bundle-revision'])).toBe(true);
    expect(performance.now() - activatedAt).toBeLessThan(1_000);
  });

  it('gets 304 when its time is over', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const from = performance.now();
    const answer = await get(bundlePath(), {
      ...bearer(),
      prefer: 'wait=1',
      'if-none-match': headers['etag'] ?? '',
    });
    expect(answer.status).toBe(304);
    expect(performance.now() - from).toBeGreaterThan(900);
  });

  it('gets 401 at once when its token is revoked, and others of the tenant go on', async () => {
    const { id, token: doomed } = await its.system.addToken(its.tenant);
    const { headers } = await get(bundlePath(), bearer(doomed));
    const poll = (shown: string): Promise<Answer> =>
      get(bundlePath(), { ...bearer(shown), prefer: 'wait=30', 'if-none-match': headers['etag'] ?? '' });
    let isOtherHeld = true;
    const other = poll(its.token).finally(() => {
      isOtherHeld = false;
    });
    const held = poll(doomed);
    await eventually(async () => {
      expect(await waiters()).toBe(2);
    });
    const revokedAt = performance.now();
    await its.system.within(its.tenant, (manager) =>
      new DataPlaneTokenRepository(manager, its.tenant).revoke(id, new Date(START)),
    );
    expect((await held).status).toBe(401);
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(isOtherHeld).toBe(true);
    expect((await get(bundlePath(), { ...bearer(doomed), 'if-none-match': '*' })).status).toBe(401);
    await its.system.activate(its.tenant, policy('fourth', 'd'));
    expect((await other).status).toBe(200);
  });

  it('is forgotten when the client goes away', async () => {
    const { headers } = await get(bundlePath(), bearer());
    const client = new AbortController();
    const held = get(
      bundlePath(),
      { ...bearer(), prefer: 'wait=30', 'if-none-match': headers['etag'] ?? '' },
      'GET',
      client.signal,
    );
    await eventually(async () => {
      expect(await waiters()).toBe(1);
    });
    client.abort();
    await expect(held).rejects.toThrow();
    await eventually(async () => {
      expect(await waiters()).toBe(0);
    });
  });
});

describe('while the database is away', () => {
  let owner: Client;
  let database: string;

  const ask = async (tenant: string, token: string): Promise<number> =>
    (await get(bundlePath(tenant), bearer(token))).status;

  beforeAll(async () => {
    database = new URL(its.system.databaseUrl).pathname.slice(1);
    const server = new URL(its.system.databaseUrl);
    server.pathname = '/postgres';
    owner = new Client({ connectionString: server.href });
    await owner.connect();
  });

  afterAll(async () => {
    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    await owner.end();
  });

  it('known tokens go on for a minute, unknown ones are let in never', async () => {
    const tenant = await its.system.addTenant();
    const { token } = await its.system.addToken(tenant);
    await eventually(async () => {
      expect(await ask(tenant, token)).toBe(200);
    });

    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS false`);
    await owner.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [
      database,
    ]);
    its.system.clock.advance(30_000);
    expect(await ask(tenant, token)).toBe(200);
    expect(await ask(tenant, 'dp_unknown')).toBe(503);
    its.system.clock.advance(31_000);
    expect(await ask(tenant, token)).toBe(503);

    await owner.query(`ALTER DATABASE "${database}" ALLOW_CONNECTIONS true`);
    await eventually(async () => {
      expect(await ask(tenant, token)).toBe(200);
    });
    expect(await ask(tenant, 'dp_unknown')).toBe(401);
  });
});

// Last: from here on there is no server.
it('a held poll gets 304 when the server stops', async () => {
  const { held } = await hold();
  const from = performance.now();
  const closing = its.system.close();
  expect((await held).status).toBe(304);
  await closing;
  expect(performance.now() - from).toBeLessThan(5_000);
});
