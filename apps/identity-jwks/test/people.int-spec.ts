import { ManualClock } from '@behavry/platform';
import { eventually, startTestPostgres, type TestPostgres } from '@behavry/testing';
import { startIdentity, type Answer, type RunningIdentity } from './running-identity';

const PASSWORD = 'four words by chance';
const UNKNOWN = '0197a000-0000-7000-8000-00000000ffff';
const TENANT = '0197a000-0000-7000-8000-000000000001';

const clock = new ManualClock(Date.UTC(2026, 0, 1));
let postgres: TestPostgres;
let identity: RunningIdentity;
let admin: string;

beforeAll(async () => {
  postgres = await startTestPostgres();
}, 60_000);

afterAll(() => postgres.stop());

const login = (username: string, password = PASSWORD): Promise<Answer> =>
  identity.call('POST', '/api/v1/auth/admin/login', { body: { username, password } });

async function signIn(username: string, password = PASSWORD): Promise<string> {
  const { status, json } = await login(username, password);
  expect(status).toBe(200);
  return String(json['access_token']);
}

const invite = (username: string, role: string, token = admin): Promise<Answer> =>
  identity.call('POST', '/api/v1/admin/users', { token, body: { username, role } });

const accept = (link: unknown, password = PASSWORD, address = '192.0.2.1'): Promise<Answer> =>
  identity.call('POST', '/api/v1/auth/invitations/accept', {
    body: { token: String(link).split('=')[1], password },
    address,
  });

/** @returns id and token of somebody new, who has accepted an invitation */
async function member(username: string, role: string): Promise<{ id: string; token: string }> {
  const made = await invite(username, role);
  expect(made.status).toBe(201);
  clock.advance(1_000);
  expect((await accept(made.json['invite_url'])).status).toBe(200);
  return { id: String(made.json['id']), token: await signIn(username) };
}

const patch = (
  id: string,
  body: unknown,
  token = admin,
  headers: Record<string, string> = {},
): Promise<Answer> => identity.call('PATCH', `/api/v1/admin/users/${id}`, { token, body, headers });

const me = async (token: string): Promise<number> =>
  (await identity.call('GET', '/api/v1/auth/me', { token })).status;

const actions = async (): Promise<unknown> => {
  const { json } = await identity.call('GET', '/api/v1/admin/changes', { token: admin });
  return (json['changes'] as unknown as { action: string; username: string; target: string }[])
    .map(({ action, username, target }) => [action, username, target])
    .sort();
};

describe.each([
  ['control-plane', {}],
  ['data-plane', { tenantId: TENANT, deploymentId: 'dp-1', controlPlaneUrl: 'http://127.0.0.1:9' }],
] as const)('people of a %s', (mode, settings) => {
  beforeAll(async () => {
    identity = await startIdentity(
      await postgres.createDatabase(),
      { mode, publicUrl: 'https://plane.test/', ...settings },
      clock,
    );
    admin = await signIn('admin', 'correct horse');
  }, 120_000);

  afterAll(() => identity.stop());

  it('are invited with a link that works once, and shows its token to no server', async () => {
    const made = await invite('ann', 'analyst');
    expect([made.status, Object.keys(made.json).sort()]).toEqual([201, ['expires_at', 'id', 'invite_url']]);
    expect(String(made.json['invite_url'])).toMatch(/^https:\/\/plane\.test\/#invite=lnk_[\w-]{43}$/);
    expect(Date.parse(String(made.json['expires_at']))).toBe(clock.now() + 72 * 3_600_000);
    expect((await login('ann')).status).toBe(401);
    const path = `/api/v1/admin/users/${String(made.json['id'])}`;
    const view = (): Promise<Answer> => identity.call('GET', path, { token: admin });
    expect((await view()).json).toMatchObject({ status: 'invited', roles: ['analyst'], email: null });

    const weak = await accept(made.json['invite_url'], 'Password12345');
    expect([weak.status, weak.json['errors']]).toMatchObject([422, [{ field: 'password' }]]);
    const used = await Promise.all([1, 2, 3, 4].map(() => accept(made.json['invite_url'])));
    expect(used.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401]);
    expect((await accept(made.json['invite_url'])).json['code']).toBe('invalid_credentials');
    expect((await view()).json).toMatchObject({ status: 'active' });
    expect(await me(await signIn('ann'))).toBe(200);
    expect(await actions()).toEqual([
      ['person.accept_invitation', 'ann', made.json['id']],
      ['person.invite', 'admin', made.json['id']],
    ]);
  });

  it('cannot use an invitation that is over, unknown, or of somebody disabled meanwhile', async () => {
    const made = await invite('late', 'viewer');
    clock.advance(72 * 3_600_000);
    expect((await accept(made.json['invite_url'])).status).toBe(401);
    expect((await accept('#invite=lnk_unknown')).status).toBe(401);
    admin = await signIn('admin', 'correct horse');
    const other = await invite('gone', 'viewer');
    const id = String(other.json['id']);
    expect((await patch(id, { status: 'disabled' })).status).toBe(200);
    expect((await patch(id, { status: 'active' })).json['status']).toBe('invited');
    expect((await accept(other.json['invite_url'])).status).toBe(401);
    const again = await identity.call('POST', `/api/v1/admin/users/${id}/reset-link`, { token: admin });
    expect(String(again.json['reset_url'])).toContain('/#invite=');
    expect((await accept(again.json['reset_url'])).status).toBe(200);
  });

  it('guess no links without measure', async () => {
    const answers: number[] = [];
    for (let index = 0; index < 52; index += 1)
      answers.push((await accept(`#invite=lnk_${String(index)}`, PASSWORD, '192.0.2.77')).status);
    expect(answers.slice(48)).toEqual([401, 401, 429, 429]);
  });

  it('have the roles of their plane', async () => {
    const { status, json } = await invite('author', 'policy_author');
    expect(status).toBe(mode === 'data-plane' ? 422 : 201);
    if (mode === 'data-plane') expect(json['errors']).toMatchObject([{ field: 'role' }]);
    expect((await invite('x', 'super_admin')).status).toBe(422);
    const taken = await invite('ann', 'viewer');
    expect([taken.status, taken.json['code']]).toEqual([409, 'conflict']);
  });

  it('are managed by administrators alone', async () => {
    const { id, token } = await member('reader', 'analyst');
    for (const answer of [
      await invite('y', 'viewer', token),
      await patch(id, { role: 'admin' }, token),
      await identity.call('GET', '/api/v1/admin/users', { token }),
      await identity.call('POST', `/api/v1/admin/users/${id}/reset-link`, { token }),
      await identity.call('POST', `/api/v1/admin/users/${id}/sign-out`, { token }),
    ])
      expect([answer.status, answer.json['code']]).toEqual([403, 'forbidden']);
    for (const path of ['', '/reset-link', '/sign-out']) {
      const method = path === '' ? 'PATCH' : 'POST';
      const body = path === '' ? { role: 'viewer' } : undefined;
      const { status } = await identity.call(method, `/api/v1/admin/users/${UNKNOWN}${path}`, {
        token: admin,
        ...(body && { body }),
      });
      expect([path, status]).toEqual([path, 404]);
    }
  });

  it('get another role and are disabled at once, from the version that was read', async () => {
    const { id, token } = await member('bob', 'viewer');
    const read = await identity.call('GET', `/api/v1/admin/users/${id}`, { token: admin });
    const ifMatch = { 'if-match': String(read.headers['etag']) };
    const users = (): Promise<Answer> => identity.call('GET', '/api/v1/admin/users', { token });
    expect((await users()).status).toBe(403);
    expect((await patch(id, { role: 'admin' }, admin, ifMatch)).status).toBe(200);
    expect((await users()).status).toBe(200);
    expect((await patch(id, { role: 'viewer' }, admin, ifMatch)).status).toBe(412);
    expect((await patch(id, { role: 'viewer' })).status).toBe(200);
    expect((await users()).status).toBe(403);
    clock.advance(1_000);
    expect((await patch(id, { status: 'disabled' })).json).toMatchObject({ status: 'disabled' });
    expect([await me(token), (await login('bob')).status]).toEqual([401, 401]);
    const link = await identity.call('POST', `/api/v1/admin/users/${id}/reset-link`, { token: admin });
    expect([link.status, link.json['code']]).toEqual([409, 'state_conflict']);
    expect((await patch(id, { status: 'active' })).status).toBe(200);
    // What was ended stays ended.
    expect([await me(token), (await login('bob')).status]).toEqual([401, 200]);
  });

  it('are signed out everywhere by an administrator', async () => {
    const { id, token } = await member('carl', 'viewer');
    const other = await signIn('carl');
    expect([await me(token), await me(other)]).toEqual([200, 200]);
    const { status } = await identity.call('POST', `/api/v1/admin/users/${id}/sign-out`, { token: admin });
    expect(status).toBe(200);
    expect([await me(token), await me(other)]).toEqual([401, 401]);
    expect(await me(await signIn('carl'))).toBe(200);
  });

  it('get a link for a new password, which ends what the old one opened', async () => {
    const { id, token } = await member('dora', 'viewer');
    const link = (): Promise<Answer> =>
      identity.call('POST', `/api/v1/admin/users/${id}/reset-link`, { token: admin });
    const [first, second] = [await link(), await link()];
    expect(String(second.json['reset_url'])).toMatch(/^https:\/\/plane\.test\/#reset=lnk_/);
    expect((await accept(first.json['reset_url'], 'another four words')).status).toBe(401);
    expect([await me(token), (await login('dora')).status]).toEqual([200, 200]);
    expect((await accept(second.json['reset_url'], 'another four words')).status).toBe(200);
    expect([await me(token), (await login('dora')).status]).toEqual([401, 401]);
    expect((await login('dora', 'another four words')).status).toBe(200);
  });

  it('keep their own role, and the last administrator', async () => {
    const { json } = await identity.call('GET', '/api/v1/admin/users?limit=500', { token: admin });
    const users = json['users'] as unknown as { id: string; username: string }[];
    const own = users.find(({ username }) => username === 'admin')?.id ?? '';
    for (const body of [{ role: 'viewer' }, { status: 'disabled' }])
      expect((await patch(own, body)).status).toBe(403);
    expect(
      (await identity.call('POST', `/api/v1/admin/users/${own}/reset-link`, { token: admin })).status,
    ).toBe(403);
  });

  it('never remove each other both', async () => {
    const [one, two] = [await member(`one ${mode}`, 'admin'), await member(`two ${mode}`, 'admin')];
    const answers = await Promise.all([
      patch(one.id, { status: 'disabled' }, two.token),
      patch(two.id, { status: 'disabled' }, one.token),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status === 200)).toHaveLength(1);
  });
});

describe('people of other tenants, and super-administrators', () => {
  let boss: string;
  let root: string;

  beforeAll(async () => {
    identity = await startIdentity(await postgres.createDatabase(), { mode: 'control-plane' }, clock);
    admin = await signIn('admin', 'correct horse');
    const { json } = await identity.call('GET', '/api/v1/admin/users', { token: admin });
    root = (json['users'] as unknown as { id: string }[])[0]?.id ?? '';
    const made = await identity.call('POST', '/api/v1/super-admin/tenants', {
      token: admin,
      body: { name: 'Acme', slug: 'acme', plan_tier: 'trial', admin: { username: 'boss' } },
    });
    const { password } = made.json['admin'] as unknown as { password: string };
    boss = await signIn('boss', password);
  }, 120_000);

  afterAll(() => identity.stop());

  it('are not there for each other', async () => {
    const { json } = await identity.call('GET', '/api/v1/admin/users', { token: boss });
    expect(json).toMatchObject({ total: 1, users: [{ username: 'boss' }] });
    for (const [method, path] of [
      ['GET', ''],
      ['PATCH', ''],
      ['POST', '/reset-link'],
      ['POST', '/sign-out'],
    ] as const) {
      const { status } = await identity.call(method, `/api/v1/admin/users/${root}${path}`, {
        token: boss,
        ...(method === 'PATCH' ? { body: { status: 'disabled' } } : {}),
      });
      expect([method, path, status]).toEqual([method, path, 404]);
    }
  });

  it('stand above administrators', async () => {
    const { token } = await member('second', 'admin');
    for (const answer of [
      await patch(root, { status: 'disabled' }, token),
      await patch(root, { role: 'viewer' }, token),
      await identity.call('POST', `/api/v1/admin/users/${root}/reset-link`, { token }),
      await identity.call('POST', `/api/v1/admin/users/${root}/sign-out`, { token }),
    ])
      expect([answer.status, answer.json['detail']]).toEqual([403, 'This person stands above you.']);
    expect(await me(admin)).toBe(200);
  });

  it('of a suspended tenant accept no invitation until it goes on', async () => {
    const made = await invite('early', 'viewer', boss);
    const tenants = await identity.call('GET', '/api/v1/super-admin/tenants', { token: admin });
    const { id } = (tenants.json['tenants'] as unknown as { id: string; slug: string }[]).find(
      ({ slug }) => slug === 'acme',
    ) ?? { id: '' };
    const move = (verb: string): Promise<Answer> =>
      identity.call('POST', `/api/v1/super-admin/tenants/${id}/${verb}`, { token: admin });
    await move('suspend');
    expect((await accept(made.json['invite_url'])).status).toBe(401);
    await move('resume');
    expect((await accept(made.json['invite_url'])).status).toBe(200);
    await eventually(async () => expect(await me(boss)).toBe(200));
  });
});
