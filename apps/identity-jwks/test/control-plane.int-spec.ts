import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { ManualClock } from '@behavry/platform';
import { startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { startIdentity, type RunningIdentity } from './running-identity';

const TENANT = '0197a000-0000-7000-8000-000000000001';
const UNKNOWN = '0197a000-0000-7000-8000-0000000000ff';

describe('identity-jwks on a control plane', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  let postgres: TestPostgres;
  let identity: RunningIdentity;
  let admin: string;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    identity = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', tenantId: TENANT, publicUrl: 'http://cp.test:8000' },
      clock,
    );
    admin = await signIn('admin', 'correct horse');
  }, 120_000);

  afterAll(async () => {
    await identity.stop();
    await postgres.stop();
  });

  async function signIn(username: string, password: string): Promise<string> {
    const { status, json } = await login(username, password);
    expect(status).toBe(200);
    return String(json['access_token']);
  }

  function login(username: string, password: string, address = '203.0.113.1') {
    return identity.call('POST', '/api/v1/auth/admin/login', { body: { username, password }, address });
  }

  async function enrolmentToken(body: object): Promise<string> {
    const { status, json } = await identity.call('POST', '/api/v1/enrollment/tokens', { token: admin, body });
    expect(status).toBe(201);
    return String(json['token']);
  }

  it('shows its key set as the contract writes it', async () => {
    const { status, headers, json } = await identity.call('GET', '/.well-known/jwks.json');
    expect(status).toBe(200);
    expect(headers['cache-control']).toMatch(/max-age=3600/);
    expect(headers['content-type']).toMatch(/^application\/json/);
    const [key] = json['keys'] as unknown as Record<string, string>[];
    expect(Object.keys(key ?? {})).toEqual(['kty', 'use', 'alg', 'kid', 'n', 'e']);
    expect(key).toMatchObject({ kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'behavry-rs256', e: 'AQAB' });
  });

  it('signs the first administrator in and says who it is', async () => {
    const { json } = await login('admin', 'correct horse');
    expect(json).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      username: 'admin',
      roles: ['admin'],
    });
    const me = await identity.call('GET', '/api/v1/auth/me', { token: admin });
    expect(me.json).toEqual({ username: 'admin', roles: ['admin'], tenant_id: TENANT, super_admin: true });
  });

  it('asks for a person everywhere else, and says nothing about paths to strangers', async () => {
    for (const path of [
      '/api/v1/agents',
      '/api/v1/admin/users',
      '/api/v1/enrollment/tokens',
      '/api/v1/auth/nothing',
    ]) {
      const { status, json } = await identity.call('GET', path);
      expect([path, status, json['code']]).toEqual([path, 401, 'unauthenticated']);
    }
    expect((await identity.call('GET', '/api/v1/auth/nothing', { token: admin })).status).toBe(404);
  });

  it('enrols an agent with a single-use token and gives it a token of its own', async () => {
    const token = await enrolmentToken({ label: 'ci', roles: ['reader'], permissions: ['files:read'] });
    expect(token).toMatch(/^enr_/);
    const body = { token, name: 'builder', agent_type: 'coding' };
    const { status, json } = await identity.call('POST', '/api/v1/enroll', { body });
    expect(status).toBe(201);
    expect(json).toMatchObject({ token_url: 'http://cp.test:8000/api/v1/auth/token', mcp_url: null });
    expect((await identity.call('POST', '/api/v1/enroll', { body })).status).toBe(401);

    const grant = {
      client_id: json['client_id'],
      client_secret: json['client_secret'],
      grant_type: 'client_credentials',
    };
    const issued = await identity.call('POST', '/api/v1/auth/token', { body: grant });
    expect(issued.status).toBe(200);
    expect(issued.json).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3600,
      agent_id: json['agent_id'],
      risk_tier: 'low',
    });

    const compact = String(issued.json['access_token']);
    const { json: jwks } = await identity.call('GET', '/.well-known/jwks.json');
    const key = await importJWK((jwks['keys'] as unknown as object[])[0] ?? {}, 'RS256');
    const { payload } = await jwtVerify(compact, key, {
      issuer: 'behavry',
      audience: 'behavry:agent',
      currentDate: new Date(clock.now()),
    });
    expect(decodeProtectedHeader(compact)).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'behavry-rs256' });
    expect(payload).toEqual({
      sub: json['agent_id'],
      jti: expect.any(String) as string,
      iss: 'behavry',
      aud: 'behavry:agent',
      tenant_id: TENANT,
      roles: ['reader'],
      permissions: ['files:read'],
      iat: clock.now() / 1000,
      exp: clock.now() / 1000 + 3600,
    });

    const form = new URLSearchParams(grant as unknown as Record<string, string>).toString();
    expect((await identity.call('POST', '/api/v1/auth/token', { form })).status).toBe(200);
    const wrong = { ...grant, client_secret: 'acs_wrong' };
    expect((await identity.call('POST', '/api/v1/auth/token', { body: wrong })).status).toBe(401);
    // An agent is not a person.
    expect((await identity.call('GET', '/api/v1/agents', { token: compact })).status).toBe(401);
  });

  it('lets exactly one of many callers redeem an enrolment token', async () => {
    const token = await enrolmentToken({ label: 'race' });
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, index) =>
        identity.call('POST', '/api/v1/enroll', { body: { token, name: `racer ${String(index)}` } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401, 401, 401, 401]);
    const { json } = await identity.call('GET', '/api/v1/agents', { token: admin });
    const names = (json['agents'] as unknown as { name: string }[]).map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('racer'))).toHaveLength(1);
  });

  it('refuses an enrolment token after its time', async () => {
    const token = await enrolmentToken({ label: 'short', expires_hours: 1 });
    clock.advance(3_600_000);
    admin = await signIn('admin', 'correct horse');
    expect((await identity.call('POST', '/api/v1/enroll', { body: { token, name: 'late' } })).status).toBe(
      401,
    );
  });

  it('suspends, reactivates, rotates and ends an agent', async () => {
    const made = await identity.call('POST', '/api/v1/agents', {
      token: admin,
      body: { name: 'mover', owner: 'ann' },
    });
    expect(made.status).toBe(201);
    const id = String(made.json['agent_id']);
    const grant = { client_id: made.json['client_id'], client_secret: made.json['client_secret'] };
    const tokenStatus = async (body: object = grant): Promise<number> =>
      (await identity.call('POST', '/api/v1/auth/token', { body })).status;
    const move = (verb: string) => {
      clock.advance(1);
      return identity.call('POST', `/api/v1/agents/${id}/${verb}`, { token: admin });
    };

    expect(await tokenStatus()).toBe(200);
    expect((await move('suspend')).json).toMatchObject({ id, status: 'suspended', owner: 'ann' });
    expect(await tokenStatus()).toBe(403);
    expect(await tokenStatus({ ...grant, client_secret: 'acs_wrong' })).toBe(401);
    expect((await move('suspend')).status).toBe(409);
    expect((await move('reactivate')).json).toMatchObject({ status: 'active' });
    const rotated = await move('rotate-secret');
    expect(await tokenStatus()).toBe(401);
    expect(await tokenStatus({ ...grant, client_secret: rotated.json['client_secret'] })).toBe(200);
    expect((await move('deprovision')).json).toMatchObject({ status: 'deprovisioned' });
    expect(await tokenStatus({ ...grant, client_secret: rotated.json['client_secret'] })).toBe(401);
    expect((await identity.call('GET', `/api/v1/agents/${UNKNOWN}`, { token: admin })).status).toBe(404);
    expect((await identity.call('GET', '/api/v1/agents/nonsense', { token: admin })).status).toBe(404);

    const { json } = await identity.call('GET', '/api/v1/admin/changes?limit=5', { token: admin });
    const changes = json['changes'] as unknown as { action: string; username: string; target: string }[];
    expect(changes[0]).toMatchObject({ action: 'agent.deprovision', username: 'admin', target: id });
    expect(json['total']).toBeGreaterThanOrEqual(5);
    const { text } = await identity.call('GET', '/api/v1/admin/changes', { token: admin });
    expect(text).not.toContain(String(made.json['client_secret']));
  });

  it('slows failed sign-ins down by name, alike for names that do not exist, and lets other names in', async () => {
    for (const username of ['admin', 'no-such-person']) {
      const answers: number[] = [];
      for (let index = 0; index < 6; index += 1) answers.push((await login(username, 'wrong')).status);
      expect(answers).toEqual([401, 401, 401, 401, 401, 429]);
    }
    const throttled = await login('admin', 'correct horse');
    expect(throttled.status).toBe(429);
    expect(Number(throttled.headers['retry-after'])).toBeGreaterThan(0);
    expect(throttled.json['code']).toBe('too_many_requests');
    clock.advance(2_000);
    expect((await login('admin', 'correct horse')).status).toBe(200);
  });

  it('does not let many guesses at once outrun the throttle', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => login('admin', 'wrong', '203.0.113.77')),
    );
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5);
    clock.advance(900_000);
    expect((await login('admin', 'correct horse')).status).toBe(200);
  });

  it('names every fault of a body', async () => {
    const { status, json } = await identity.call('POST', '/api/v1/agents', {
      token: admin,
      body: { name: '', owner: 'a\u0000b' },
    });
    expect(status).toBe(422);
    const fields = (json['errors'] as unknown as { field: string }[]).map(({ field }) => field);
    expect(fields).toEqual(expect.arrayContaining(['name', 'owner']));
  });

  it('keeps sign-up shut unless it is opened', async () => {
    const { status, json } = await identity.call('POST', '/api/v1/signup', { body: {} });
    expect([status, json['code']]).toEqual([403, 'signup_disabled']);
  });

  it('keeps tenants apart and lets a super-administrator suspend one', async () => {
    const made = await identity.call('POST', '/api/v1/super-admin/tenants', {
      token: admin,
      body: {
        name: 'Acme',
        slug: 'acme',
        plan_tier: 'trial',
        admin: { username: 'acme-admin', email: 'a@acme.test' },
      },
    });
    expect(made.status).toBe(201);
    expect(made.json['license_key']).toMatch(/^lic_/);
    const { password } = made.json['admin'] as unknown as { password: string };
    const acme = await signIn('acme-admin', password);

    const agents = await identity.call('GET', '/api/v1/agents', { token: admin });
    const [mine] = agents.json['agents'] as unknown as { id: string }[];
    expect((await identity.call('GET', '/api/v1/agents', { token: acme })).json).toEqual({
      agents: [],
      total: 0,
    });
    expect((await identity.call('GET', `/api/v1/agents/${mine?.id ?? ''}`, { token: acme })).status).toBe(
      404,
    );
    expect(
      (await identity.call('POST', `/api/v1/agents/${mine?.id ?? ''}/suspend`, { token: acme })).status,
    ).toBe(404);
    expect((await identity.call('GET', '/api/v1/super-admin/tenants', { token: acme })).status).toBe(403);

    const path = `/api/v1/super-admin/tenants/${String(made.json['id'])}`;
    expect((await identity.call('PATCH', path, { token: admin, body: { max_agents: 1 } })).status).toBe(200);
    const one = await identity.call('POST', '/api/v1/agents', { token: acme, body: { name: 'first' } });
    expect(one.status).toBe(201);
    const two = await identity.call('POST', '/api/v1/agents', { token: acme, body: { name: 'second' } });
    expect([two.status, two.json['code']]).toEqual([409, 'agent_limit_reached']);

    expect((await identity.call('POST', `${path}/suspend`, { token: admin })).json).toMatchObject({
      status: 'suspended',
    });
    expect((await login('acme-admin', password)).status).toBe(401);
    const grant = { client_id: one.json['client_id'], client_secret: one.json['client_secret'] };
    expect((await identity.call('POST', '/api/v1/auth/token', { body: grant })).status).toBe(403);
  });

  it('uses the configured signing key, also when its line ends are written out', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const other = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', jwtPrivateKey: pem.replaceAll('\n', '\\n') },
      clock,
      tempDir(),
    );
    const { json } = await other.call('GET', '/.well-known/jwks.json');
    const { n } = createPublicKey(privateKey).export({ format: 'jwk' });
    expect((json['keys'] as unknown as { n: string }[])[0]?.n).toBe(n);
    await other.stop();
  });
});
