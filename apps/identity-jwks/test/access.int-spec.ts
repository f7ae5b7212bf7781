import { randomBytes } from 'node:crypto';
import { decodeJwt } from 'jose';
import { Client } from 'pg';
import { DataSource } from 'typeorm';
import { CONTROL_ENTITIES } from '@behavry/db-control';
import { ManualClock, withTenant } from '@behavry/platform';
import { eventually, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { PersonRecords } from '../src/people/person-records';
import { startIdentity, type RunningIdentity } from './running-identity';

/** Whoever is disabled or suspended must be so within this. */
const SOON = { timeoutMs: 5_000 };

describe('who may act is looked at now', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  let postgres: TestPostgres;
  let identity: RunningIdentity;
  let database: DataSource;
  let admin: string;
  /** A tenant with an administrator and an agent. */
  let acme: { id: string; username: string; password: string; token: string };
  let tenants = 0;

  // The owner of the database is no superuser, as with a hosted one: everything here runs under row-level security.
  beforeAll(async () => {
    postgres = await startTestPostgres();
    const dbUrl = await ownedByNoSuperuser(postgres);
    // Twice, because a plane is migrated at each of its starts.
    const folder = tempDir();
    await (await startIdentity(dbUrl, { mode: 'standalone' }, clock, folder)).stop();
    identity = await startIdentity(dbUrl, { mode: 'standalone' }, clock, folder);
    database = await new DataSource({
      type: 'postgres',
      url: superuserUrl(postgres, dbUrl),
      entities: CONTROL_ENTITIES,
    }).initialize();
    admin = await signIn('admin', 'correct horse');
  }, 120_000);

  afterAll(async () => {
    await database.destroy();
    await identity.stop();
    await postgres.stop();
  });

  beforeEach(async () => {
    tenants += 1;
    const username = `boss ${String(tenants)}`;
    const made = await identity.call('POST', '/api/v1/super-admin/tenants', {
      token: admin,
      body: { name: 'Acme', slug: `acme-${String(tenants)}`, plan_tier: 'trial', admin: { username } },
    });
    expect(made.status).toBe(201);
    const { password } = made.json['admin'] as unknown as { password: string };
    acme = { id: String(made.json['id']), username, password, token: await signIn(username, password) };
    clock.advance(5_000);
  });

  async function signIn(username: string, password: string): Promise<string> {
    const { status, json } = await login(username, password);
    expect(status).toBe(200);
    return String(json['access_token']);
  }

  const login = (username: string, password: string) =>
    identity.call('POST', '/api/v1/auth/admin/login', { body: { username, password } });

  const users = async (token = acme.token): Promise<number> =>
    (await identity.call('GET', '/api/v1/admin/users', { token })).status;

  const people = <T>(work: (records: PersonRecords, id: string) => Promise<T>): Promise<T> =>
    withTenant(database, acme.id, (manager) =>
      work(new PersonRecords(manager, 'control', acme.id), String(decodeJwt(acme.token).sub)),
    );

  const set = (assignment: string): Promise<unknown> =>
    database.query(`UPDATE control.people SET ${assignment} WHERE tenant_id = $1`, [acme.id]);

  it('serves at once whoever is new', async () => {
    expect(await users()).toBe(200);
    expect(await users(admin)).toBe(200);
  });

  it('ends the token of a disabled person', async () => {
    await set(`status = 'disabled'`);
    await eventually(async () => expect(await users()).toBe(401), SOON);
    expect((await login(acme.username, acme.password)).status).toBe(401);
  });

  it('takes a role away, and gives it, without a new token', async () => {
    await set(`roles = '{viewer}'`);
    await eventually(async () => expect(await users()).toBe(403), SOON);
    const { json } = await identity.call('GET', '/api/v1/auth/me', { token: acme.token });
    expect(json['roles']).toEqual(['viewer']);
    await set(`roles = '{admin}'`);
    await eventually(async () => expect(await users()).toBe(200), SOON);
  });

  it.each([
    [
      'a new password',
      () => set(`password_hash = 'x', updated_at = '${new Date(clock.now()).toISOString()}'`),
    ],
    ['a sign-out', () => people((records, id) => records.endTokens(id, new Date(clock.now())))],
  ])('ends tokens with %s', async (_what, end) => {
    await end();
    await eventually(async () => expect(await users()).toBe(401), SOON);
  });

  it('gives a token after a sign-out that outlives it, also in the same second', async () => {
    await people((records, id) => records.endTokens(id, new Date(clock.now())));
    const next = await signIn(acme.username, acme.password);
    await eventually(async () => expect(await users()).toBe(401), SOON);
    expect(await users(next)).toBe(200);
  });

  it('stops people, agents and enrolment of a suspended tenant, and begins again', async () => {
    const made = await identity.call('POST', '/api/v1/agents', { token: acme.token, body: { name: 'a' } });
    const grant = { client_id: made.json['client_id'], client_secret: made.json['client_secret'] };
    const token = () => identity.call('POST', '/api/v1/auth/token', { body: grant });
    const offer = await identity.call('POST', '/api/v1/enrollment/tokens', {
      token: acme.token,
      body: { label: 'x' },
    });
    const enroll = () =>
      identity.call('POST', '/api/v1/enroll', { body: { token: offer.json['token'], name: 'b' } });
    const move = (verb: string) =>
      identity.call('POST', `/api/v1/super-admin/tenants/${acme.id}/${verb}`, { token: admin });

    expect((await move('suspend')).status).toBe(200);
    await eventually(async () => expect(await users()).toBe(401), SOON);
    expect((await login(acme.username, acme.password)).status).toBe(401);
    expect([(await token()).status, (await enroll()).status]).toEqual([403, 401]);

    expect((await move('resume')).status).toBe(200);
    await eventually(async () => expect(await users()).toBe(200), SOON);
    expect([(await token()).status, (await enroll()).status]).toEqual([200, 201]);
  });

  it("leaves a super-administrator of a suspended tenant the way back, and nothing of the tenant's", async () => {
    const { tenant_id: own } = decodeJwt(admin);
    const path = `/api/v1/super-admin/tenants/${String(own)}`;
    expect((await identity.call('POST', `${path}/suspend`, { token: admin })).status).toBe(200);
    await eventually(async () => expect(await users(admin)).toBe(403), SOON);
    const again = await signIn('admin', 'correct horse');
    expect((await identity.call('POST', `${path}/resume`, { token: again })).status).toBe(200);
    await eventually(async () => expect(await users(admin)).toBe(200), SOON);
  });

  it("ends an agent's tokens with its secret, its roles and its suspension, not with its name", async () => {
    const made = await identity.call('POST', '/api/v1/agents', { token: acme.token, body: { name: 'a' } });
    const id = String(made.json['agent_id']);
    const end = async (): Promise<number | null> => {
      const [row] = await database.query<{ tokens_not_before: Date | null }[]>(
        'SELECT tokens_not_before FROM control.agents WHERE id = $1',
        [id],
      );
      return row?.tokens_not_before?.getTime() ?? null;
    };
    expect(await end()).toBeNull();
    await database.query(`UPDATE control.agents SET name = 'z', updated_at = $2 WHERE id = $1`, [
      id,
      new Date(clock.now()),
    ]);
    expect(await end()).toBeNull();

    clock.advance(10_400);
    const rotated = await identity.call('POST', `/api/v1/agents/${id}/rotate-secret`, { token: acme.token });
    const nextSecond = (): number => Math.floor(clock.now() / 1_000) * 1_000 + 1_000;
    expect(await end()).toBe(nextSecond());
    const grant = { client_id: made.json['client_id'], client_secret: rotated.json['client_secret'] };
    const { json } = await identity.call('POST', '/api/v1/auth/token', { body: grant });
    expect((decodeJwt(String(json['access_token'])).iat ?? 0) * 1_000).toBe(await end());

    clock.advance(10_000);
    await database.query(`UPDATE control.agents SET roles = '{x}', updated_at = $2 WHERE id = $1`, [
      id,
      new Date(clock.now()),
    ]);
    expect(await end()).toBe(nextSecond());
    clock.advance(10_000);
    await identity.call('POST', `/api/v1/agents/${id}/suspend`, { token: acme.token });
    expect(await end()).toBe(nextSecond());
  });
});

/** Makes a database whose owner may make roles and nothing else beyond it. */
async function ownedByNoSuperuser(postgres: TestPostgres): Promise<string> {
  const url = new URL(await postgres.createDatabase());
  const role = `owner_${randomBytes(4).toString('hex')}`;
  const client = new Client({ connectionString: url.href });
  await client.connect();
  await client.query(`CREATE ROLE ${role} LOGIN PASSWORD 'owner' NOSUPERUSER NOBYPASSRLS CREATEROLE`);
  await client.query(`ALTER DATABASE ${url.pathname.slice(1)} OWNER TO ${role}`);
  await client.end();
  url.username = role;
  url.password = 'owner';
  return url.href;
}

function superuserUrl(postgres: TestPostgres, ownerUrl: string): string {
  const url = new URL(postgres.url);
  url.pathname = new URL(ownerUrl).pathname;
  return url.href;
}
