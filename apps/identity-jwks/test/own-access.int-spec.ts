// long because every way in is tried on both planes, each of which is started once
import { decodeJwt } from 'jose';
import { Client } from 'pg';
import { ManualClock } from '@behavry/platform';
import { eventually, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { startIdentity, type Answer, type CallOptions, type RunningIdentity } from './running-identity';

const PASSWORD = 'four words by chance';
const OTHER = 'another four words';
const TENANT = '0197a000-0000-7000-8000-000000000001';
const DAY_MS = 86_400_000;

const clock = new ManualClock(Date.UTC(2026, 0, 1));
let postgres: TestPostgres;
let identity: RunningIdentity;
/** Another process of the same plane. */
let replica: RunningIdentity;
let admin: string;
let people = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(() => postgres.stop());

const login = (username: string, password = PASSWORD, options: CallOptions = {}): Promise<Answer> =>
  identity.call('POST', '/api/v1/auth/admin/login', { body: { username, password }, ...options });

async function signIn(username: string, password = PASSWORD, options: CallOptions = {}): Promise<string> {
  const { status, json } = await login(username, password, options);
  expect(status).toBe(200);
  return String(json['access_token']);
}

interface Member {
  readonly id: string;
  readonly username: string;
  readonly token: string;
}

/** @returns somebody new, who is signed in */
async function member(role: string): Promise<Member> {
  people += 1;
  const username = `somebody ${String(people)}`;
  const made = await identity.call('POST', '/api/v1/admin/users', { token: admin, body: { username, role } });
  clock.advance(1_000);
  const token = String(made.json['invite_url']).split('=')[1];
  await identity.call('POST', '/api/v1/auth/invitations/accept', { body: { token, password: PASSWORD } });
  return { id: String(made.json['id']), username, token: await signIn(username) };
}

const auth = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  token: string,
  options: CallOptions = {},
): Promise<Answer> => identity.call(method, `/api/v1/auth/${path}`, { token, ...options });

const me = async (token: string, on = identity): Promise<number> =>
  (await on.call('GET', '/api/v1/auth/me', { token })).status;

const manage = (id: string, path: string, body?: unknown): Promise<Answer> =>
  identity.call(path === '' ? 'PATCH' : 'POST', `/api/v1/admin/users/${id}${path}`, {
    token: admin,
    ...(body === undefined ? {} : { body }),
  });

const list = async (what: 'sessions' | 'api-keys', token: string): Promise<Record<string, unknown>[]> => {
  const { status, json } = await auth('GET', what, token);
  expect(status).toBe(200);
  return json[what.replace('-', '_')] as unknown as Record<string, unknown>[];
};

describe.each([
  ['control-plane', 'control', {}],
  ['data-plane', 'dp-1', { tenantId: TENANT, deploymentId: 'dp-1', controlPlaneUrl: 'http://127.0.0.1:9' }],
] as const)('on a %s', (mode, plane, settings) => {
  let dbUrl: string;

  beforeAll(async () => {
    dbUrl = await postgres.createDatabase();
    const folder = tempDir();
    identity = await startIdentity(dbUrl, { mode, ...settings }, clock, folder);
    replica = await startIdentity(dbUrl, { mode, ...settings }, clock, folder);
    admin = await signIn('admin', 'correct horse');
  }, 120_000);

  afterAll(async () => {
    await replica.stop();
    await identity.stop();
  });

  describe('a new password', () => {
    const change = (token: string, current: string, next: string, address = '192.0.2.1'): Promise<Answer> =>
      auth('POST', 'password', token, { body: { current, new: next }, address });

    it('ends every other session and link, and keeps this one', async () => {
      const { id, username, token } = await member('viewer');
      const other = await signIn(username);
      const link = await manage(id, '/reset-link');
      const changed = await change(token, PASSWORD, OTHER);
      expect([changed.status, changed.json]).toEqual([200, { sessions_ended: 1, api_keys: 0 }]);
      expect([await me(token), await me(other)]).toEqual([200, 401]);
      await eventually(async () =>
        expect([await me(token, replica), await me(other, replica)]).toEqual([200, 401]),
      );
      expect([(await login(username)).status, (await login(username, OTHER)).status]).toEqual([401, 200]);
      const body = { token: String(link.json['reset_url']).split('=')[1], password: PASSWORD };
      expect((await identity.call('POST', '/api/v1/auth/invitations/accept', { body })).status).toBe(401);
      // Once more in the same session, and the end of everything ends it too.
      expect((await change(token, OTHER, PASSWORD)).status).toBe(200);
      expect(await me(token)).toBe(200);
      await manage(id, '/sign-out');
      expect(await me(token)).toBe(401);
    });

    it('asks for the present one, and for a good one', async () => {
      const { username, token } = await member('viewer');
      const faulty = async (current: string, next: string): Promise<unknown> => {
        const { status, json } = await change(token, current, next);
        expect(status).toBe(422);
        return (json['errors'] as unknown as { field: string }[])[0]?.field;
      };
      expect(await faulty('wrong', OTHER)).toBe('current');
      for (const next of ['short', `${username}123`, 'Password12345', PASSWORD])
        expect(await faulty(PASSWORD, next)).toBe('new');
      expect((await login(username)).status).toBe(200);
    });

    it('is as slow to guess from a stolen session as at a sign-in', async () => {
      const { token } = await member('viewer');
      const answers: number[] = [];
      for (let index = 0; index < 7; index += 1)
        answers.push((await change(token, `guess ${String(index)}`, OTHER, '203.0.113.9')).status);
      expect(answers).toEqual([422, 422, 422, 422, 422, 429, 429]);
    });

    it('is set by one of two who change it at once', async () => {
      const { token } = await member('viewer');
      const answers = await Promise.all([
        change(token, PASSWORD, OTHER, '192.0.2.1'),
        change(token, PASSWORD, `${OTHER} too`, '192.0.2.2'),
      ]);
      expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
    });
  });

  describe('a session', () => {
    it('is listed to its person alone, and ended at once in every process', async () => {
      const { username, token } = await member('viewer');
      const from = { address: '2001:db8:1:2:3::4', headers: { 'user-agent': `Lynx/2.9${'x'.repeat(400)}` } };
      const other = await signIn(username, PASSWORD, from);
      expect(decodeJwt(other)['sid']).not.toBe(decodeJwt(token)['sid']);
      const sessions = await list('sessions', token);
      expect(sessions).toHaveLength(2);
      const second = sessions.find(({ current }) => current === false);
      expect(second).toMatchObject({ kind: 'bearer', address: '2001:db8:1:2', id: decodeJwt(other)['sid'] });
      expect(String(second?.['user_agent'])).toMatch(/^Lynx\/2\.9x+$/);
      expect(String(second?.['user_agent'])).toHaveLength(200);

      const stranger = await member('admin');
      const path = `sessions/${String(second?.['id'])}`;
      expect((await auth('DELETE', path, stranger.token)).status).toBe(404);
      expect(await me(other)).toBe(200);
      expect((await auth('DELETE', path, token)).status).toBe(204);
      expect([await me(other), await me(token)]).toEqual([401, 200]);
      await eventually(async () => expect(await me(other, replica)).toBe(401));
      expect((await auth('DELETE', path, token)).status).toBe(404);
      expect(await list('sessions', token)).toHaveLength(1);
    });

    it('ends with a logout, and no other does', async () => {
      const { username, token } = await member('viewer');
      const other = await signIn(username);
      expect((await auth('POST', 'logout', token)).status).toBe(200);
      expect([await me(token), await me(other)]).toEqual([401, 200]);
      expect((await auth('POST', 'logout', token)).status).toBe(401);
    });

    it('is one of a hundred at most: the one that was used longest ago ends', async () => {
      const { username, token } = await member('viewer');
      let last = '';
      for (let index = 0; index < 100; index += 1) {
        clock.advance(10);
        last = await signIn(username);
      }
      await eventually(async () => expect([await me(token), await me(last)]).toEqual([401, 200]));
      expect(await list('sessions', last)).toHaveLength(100);
    }, 60_000);

    it('is not begun over and over: what every process must remember has a bound', async () => {
      const { id, username, token } = await member('viewer');
      const schema = mode === 'data-plane' ? 'data' : 'control';
      const owner = new Client({ connectionString: dbUrl });
      await owner.connect();
      await owner.query(
        `INSERT INTO ${schema}.person_sessions SELECT gen_random_uuid(), tenant_id, person_id, kind, address,
           user_agent, created_at, last_used_at, expires_at, created_at
           FROM ${schema}.person_sessions, generate_series(1, 999) WHERE person_id = $1`,
        [id],
      );
      await owner.end();
      const refused = await login(username);
      expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60']);
      expect(await me(token)).toBe(200);
      clock.advance(3_700_000);
      admin = await signIn('admin', 'correct horse');
      expect((await login(username)).status).toBe(200);
    });

    it('is not begun by a right password that was changed while it was checked', async () => {
      const { id, username } = await member('viewer');
      const table = `${mode === 'data-plane' ? 'data' : 'control'}.people`;
      const owner = new Client({ connectionString: dbUrl });
      await owner.connect();
      await owner.query('BEGIN');
      await owner.query(`UPDATE ${table} SET password_hash = 'another' WHERE id = $1`, [id]);
      const signingIn = login(username);
      await eventually(async () => {
        const { rows } = await owner.query(`SELECT 1 FROM pg_locks WHERE NOT granted`);
        expect(rows.length).toBeGreaterThan(0);
      });
      await owner.query('COMMIT');
      await owner.end();
      expect((await signingIn).status).toBe(401);
    });
  });

  describe('a session in a cookie', () => {
    const own = { 'sec-fetch-site': 'same-origin' };

    /** @returns the cookie as a browser sends it */
    async function page(username: string): Promise<string> {
      const answer = await identity.call('POST', '/api/v1/auth/admin/login', {
        body: { username, password: PASSWORD, session: 'cookie' },
        headers: own,
      });
      expect([answer.status, Object.keys(answer.json).sort()]).toEqual([
        200,
        ['expires_in', 'roles', 'username'],
      ]);
      const [pair = '', ...attributes] = String(answer.headers['set-cookie']).split('; ');
      expect(pair.split('=')[0]).toBe(`behavry-${plane}`);
      expect(attributes).toEqual(['Path=/', 'HttpOnly', 'SameSite=Strict', 'Max-Age=3600']);
      return pair;
    }

    const withCookie = (
      method: 'GET' | 'POST' | 'DELETE',
      path: string,
      cookie: string,
      headers: Record<string, string> = own,
      body?: unknown,
    ): Promise<Answer> =>
      identity.call(method, `/api/v1/${path}`, {
        headers: { cookie, ...headers },
        ...(body === undefined ? {} : { body }),
      });

    it('signs a page in without showing it the token, and out', async () => {
      const { username } = await member('viewer');
      const cookie = await page(username);
      expect((await withCookie('GET', 'auth/me', cookie)).json).toMatchObject({ username });
      const out = await withCookie('POST', 'auth/logout', cookie);
      expect([out.status, String(out.headers['set-cookie'])]).toEqual([
        200,
        `behavry-${plane}=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0`,
      ]);
      expect((await withCookie('GET', 'auth/me', cookie)).status).toBe(401);
    });

    it('changes nothing for another page, whatever that sends', async () => {
      const { username } = await member('admin');
      const cookie = await page(username);
      const invite = { username: 'by a stranger', role: 'admin' };
      for (const headers of [
        {},
        { 'sec-fetch-site': 'cross-site' },
        { 'sec-fetch-site': 'same-site' },
        { origin: 'https://evil.test' },
        { origin: 'null' },
      ]) {
        const made = await withCookie('POST', 'admin/users', cookie, headers, invite);
        expect([headers, made.status]).toEqual([headers, 403]);
      }
      expect(
        (await withCookie('GET', 'admin/users', cookie, { 'sec-fetch-site': 'cross-site' })).status,
      ).toBe(403);
      expect((await withCookie('GET', 'admin/users', cookie, {})).status).toBe(200);
      const address = { origin: identity.url };
      const body = { username: `by the page ${plane}`, role: 'viewer' };
      expect((await withCookie('POST', 'admin/users', cookie, address, body)).status).toBe(201);
      // A stranger's page cannot sign a browser in as somebody else.
      const forced = await identity.call('POST', '/api/v1/auth/admin/login', {
        body: { username, password: PASSWORD, session: 'cookie' },
        headers: { origin: 'https://evil.test' },
      });
      expect([forced.status, forced.headers['set-cookie']]).toEqual([403, undefined]);
    });

    it('is another one after each sign-in: one that was given beforehand is worth nothing', async () => {
      const { username } = await member('viewer');
      const [first, planted] = [await page(username), `behavry-${plane}=planted`];
      const answer = await identity.call('POST', '/api/v1/auth/admin/login', {
        body: { username, password: PASSWORD, session: 'cookie' },
        headers: { ...own, cookie: planted },
      });
      const second = String(answer.headers['set-cookie']).split(';')[0] ?? '';
      expect(new Set([first, second, planted]).size).toBe(3);
      expect((await withCookie('GET', 'auth/me', planted)).status).toBe(401);
      expect((await withCookie('GET', 'auth/me', `${second}; ${planted}`)).status).toBe(401);
    });

    it('is another one after a new password, so that whoever took the cookie is out', async () => {
      const { username, token } = await member('viewer');
      const cookie = await page(username);
      const body = { current: PASSWORD, new: OTHER };
      const changed = await withCookie('POST', 'auth/password', cookie, own, body);
      expect([changed.status, changed.json['sessions_ended']]).toEqual([200, 1]);
      const next = String(changed.headers['set-cookie']).split(';')[0] ?? '';
      expect((await withCookie('GET', 'auth/me', next)).json).toMatchObject({ username });
      expect([(await withCookie('GET', 'auth/me', cookie)).status, await me(token)]).toEqual([401, 401]);
      expect((await withCookie('GET', 'auth/sessions', next)).json).toMatchObject({ total: 1 });
    });

    it('is renewed from half of its life on, for twelve hours, and not after its end', async () => {
      const { username } = await member('viewer');
      clock.advance(1_000);
      const begun = clock.now();
      let cookie = await page(username);
      const early = await withCookie('POST', 'auth/session/renew', cookie);
      expect([early.status, early.headers['set-cookie'], early.json['expires_in']]).toEqual([
        200,
        undefined,
        3600,
      ]);
      for (;;) {
        clock.advance(1_900_000);
        const { status, headers, json } = await withCookie('POST', 'auth/session/renew', cookie);
        if (status !== 200) break;
        cookie = String(headers['set-cookie'] ?? cookie).split(';')[0] ?? '';
        expect(Date.parse(String(json['expires_at']))).toBeLessThanOrEqual(begun + 12 * 3_600_000);
      }
      expect(clock.now() - begun).toBeGreaterThan(11.9 * 3_600_000);
      admin = await signIn('admin', 'correct horse');
      const fresh = await page(username);
      await withCookie('POST', 'auth/logout', fresh);
      expect((await withCookie('POST', 'auth/session/renew', fresh)).status).toBe(401);
      expect((await auth('POST', 'session/renew', await signIn(username))).status).toBe(403);
    });
  });

  describe('an API key', () => {
    const make = (token: string, role: string, days = 30): Promise<Answer> =>
      auth('POST', 'api-keys', token, { body: { label: 'ci', role, expires_days: days } });

    const users = async (key: string, on = identity): Promise<number> =>
      (await on.call('GET', '/api/v1/admin/users', { token: key })).status;

    it('is shown once, works wherever a token does, and ends with its time or its deletion', async () => {
      const { token } = await member('admin');
      const made = await make(token, 'admin');
      expect(made.status).toBe(201);
      const key = String(made.json['key']);
      expect(key).toMatch(/^bak_[\w-]{43}$/);
      expect(await users(key)).toBe(200);
      await eventually(async () => expect(await users(key, replica)).toBe(200));
      const [listed] = await list('api-keys', token);
      expect(listed).toEqual({
        id: made.json['id'],
        label: 'ci',
        role: 'admin',
        created_at: new Date(clock.now()).toISOString(),
        expires_at: new Date(clock.now() + 30 * DAY_MS).toISOString(),
      });
      const stranger = await member('admin');
      expect((await auth('DELETE', `api-keys/${String(made.json['id'])}`, stranger.token)).status).toBe(404);
      const short = await make(token, 'admin', 1);
      expect((await auth('DELETE', `api-keys/${String(made.json['id'])}`, token)).status).toBe(204);
      expect(await users(key)).toBe(401);
      await eventually(async () => expect(await users(key, replica)).toBe(401));
      clock.advance(DAY_MS);
      expect(await users(String(short.json['key']))).toBe(401);
      admin = await signIn('admin', 'correct horse');
    });

    it('has no role above that of its person, now', async () => {
      const { id, token } = await member('analyst');
      for (const role of ['admin', ...(mode === 'data-plane' ? [] : ['policy_author'])])
        expect((await make(token, role)).status).toBe(403);
      if (mode === 'data-plane') expect((await make(token, 'policy_author')).status).toBe(422);
      await manage(id, '', { role: 'admin' });
      const key = String((await make(token, 'admin')).json['key']);
      const weak = String((await make(token, 'viewer')).json['key']);
      expect([await users(key), await users(weak), await me(weak)]).toEqual([200, 403, 200]);
      await manage(id, '', { role: 'analyst' });
      expect([await users(key), await me(key)]).toEqual([403, 200]);
      const { json } = await identity.call('GET', '/api/v1/auth/me', { token: key });
      expect([json['roles'], json['super_admin']]).toEqual([['analyst'], false]);
    });

    it('cannot sign in, change the password, make keys, or end sessions', async () => {
      const { id, token } = await member('admin');
      const key = String((await make(token, 'admin')).json['key']);
      for (const [method, path, body] of [
        ['POST', 'password', { current: PASSWORD, new: OTHER }],
        ['POST', 'api-keys', { label: 'x', role: 'viewer', expires_days: 1 }],
        ['GET', 'api-keys', undefined],
        ['GET', 'sessions', undefined],
        ['POST', 'logout', undefined],
        ['POST', 'session/renew', undefined],
      ] as const)
        expect([path, (await auth(method, path, key, body && { body })).status]).toEqual([path, 403]);
      const reset = await identity.call('POST', `/api/v1/admin/users/${id}/reset-link`, { token: key });
      expect(reset.status).toBe(403);
      const cookie = `behavry-${plane}=${key}`;
      expect((await identity.call('GET', '/api/v1/auth/me', { headers: { cookie } })).status).toBe(401);
    });

    it('outlives a new password, and no sign-out, reset or disabling of its person', async () => {
      for (const end of ['sign-out', 'reset', 'disable'] as const) {
        const { id, token } = await member('admin');
        const key = String((await make(token, 'admin')).json['key']);
        const changed = await auth('POST', 'password', token, { body: { current: PASSWORD, new: OTHER } });
        expect([changed.status, await users(key)]).toEqual([200, 200]);
        if (end === 'sign-out') await manage(id, '/sign-out');
        if (end === 'disable') {
          await manage(id, '', { status: 'disabled' });
          expect(await users(key)).toBe(401);
          await manage(id, '', { status: 'active' });
        }
        if (end === 'reset') {
          const link = await manage(id, '/reset-link');
          const body = { token: String(link.json['reset_url']).split('=')[1], password: PASSWORD };
          await identity.call('POST', '/api/v1/auth/invitations/accept', { body });
        }
        expect([end, await users(key)]).toEqual([end, 401]);
        await eventually(async () => expect(await users(key, replica)).toBe(401));
      }
    });

    it('is one of twenty at most, and not made over and over', async () => {
      const { token } = await member('viewer');
      for (let index = 0; index < 20; index += 1) expect((await make(token, 'viewer')).status).toBe(201);
      expect((await make(token, 'viewer')).status).toBe(409);
      for (let index = 0; index < 39; index += 1) await make(token, 'viewer');
      const { status, headers } = await make(token, 'viewer');
      expect([status, headers['retry-after']]).toEqual([429, '10']);
    });
  });

  it('names that are unknown, disabled or invited get one answer, for the same work', async () => {
    const { id, username } = await member('viewer');
    await manage(id, '', { status: 'disabled' });
    const invited = `invited ${plane}`;
    await identity.call('POST', '/api/v1/admin/users', {
      token: admin,
      body: { username: invited, role: 'viewer' },
    });
    const answers = [];
    for (const name of [username, invited, 'nobody at all', 'admin']) {
      const { status, json } = await login(name, PASSWORD, { address: '192.0.2.200' });
      answers.push({ status, ...json, request_id: undefined });
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, code: 'invalid_credentials' });
  });
});
