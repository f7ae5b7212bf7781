import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gauge } from 'prom-client';
import { ManualClock } from '@behavry/platform';
import { startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { startIdentity, type RunningIdentity } from './running-identity';

describe('signing in', () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  let postgres: TestPostgres;
  let identity: RunningIdentity;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    identity = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', isSignupEnabled: true },
      clock,
    );
  }, 120_000);

  afterAll(async () => {
    await identity.stop();
    await postgres.stop();
  });

  const login = (username: string, password: string, address: string) =>
    identity.call('POST', '/api/v1/auth/admin/login', { body: { username, password }, address });

  it('works from home, and soon from anywhere, while strangers guess the name', async () => {
    expect((await login('admin', 'correct horse', '198.51.100.1')).status).toBe(200);
    for (let address = 0; address < 5; address += 1)
      for (let go = 0; go < 5; go += 1) await login('admin', 'wrong', `203.0.113.${String(address)}`);
    expect((await login('admin', 'correct horse', '198.51.100.1')).status).toBe(200);

    const abroad = await login('admin', 'correct horse', '198.51.100.2');
    expect([abroad.status, abroad.headers['retry-after']]).toEqual([429, '15']);
    clock.advance(14_000);
    for (let address = 0; address < 5; address += 1)
      await login('admin', 'wrong', `203.0.113.${String(address)}`);
    clock.advance(1_000);
    expect((await login('admin', 'correct horse', '198.51.100.2')).status).toBe(200);
  });

  it('is slowed for an address that tries a thousand names', async () => {
    let checked = 0;
    for (let batch = 0; batch < 5; batch += 1) {
      const answers = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          login(`sprayed ${String(batch * 200 + index)}`, 'Summer2026!', '192.0.2.9'),
        ),
      );
      checked += answers.filter(({ status }) => status === 401).length;
    }
    expect(checked).toBe(50);
  }, 60_000);

  it('hashes for two at once, keeps some waiting and tells the rest to come again', async () => {
    const over = new AbortController();
    const burst = Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        login(`burst ${String(index)}`, 'x', `10.1.0.${String(index)}`),
      ),
    ).finally(() => {
      over.abort();
    });
    // A hash takes many turns of the event loop, so that none is missed.
    const hashing = identity.context.metrics.getSingleMetric('behavry_identity_password_hashing') as Gauge;
    const seen = new Set<number>();
    while (!over.signal.aborted) {
      for (const { value } of (await hashing.get()).values) seen.add(value);
      await nextTurn();
    }
    const answers = await burst;
    expect(Math.max(...seen)).toBe(2);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.every(({ headers }) => headers['retry-after'] === '1')).toBe(true);
    expect(answers.length - refused.length).toBe(answers.filter(({ status }) => status === 401).length);
  }, 60_000);

  it('is not offered to strangers without measure by sign-up', async () => {
    const signup = (index: number, address: string) =>
      identity.call('POST', '/api/v1/signup', {
        address,
        body: {
          organization: `Org ${String(index)}`,
          username: `boss ${String(index)}`,
          email: 'a@example.com',
          password: 'long enough for all',
        },
      });
    const answers = [];
    for (let index = 0; index < 7; index += 1) answers.push(await signup(index, '192.0.2.10'));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201, 429, 429]);
    expect(Number(answers[6]?.headers['retry-after'])).toBeGreaterThan(0);
    expect((await signup(8, '192.0.2.11')).status).toBe(201);
  });

  it('knows its caller by what the proxy itself saw, not by what the caller wrote before it', async () => {
    const answers: number[] = [];
    for (let index = 0; index < 52; index += 1) {
      const body = { username: `somebody ${String(index)}`, password: 'wrong' };
      const address = `198.51.100.${String(index)}, 203.0.113.99`;
      answers.push((await identity.call('POST', '/api/v1/auth/admin/login', { body, address })).status);
    }
    expect(answers.slice(48)).toEqual([401, 401, 429, 429]);
  });

  it('knows its caller by the connection where the sender is no trusted proxy', async () => {
    const other = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', trustedProxies: ['10.0.0.0/8'] },
      clock,
      tempDir(),
    );
    const answers: number[] = [];
    for (let index = 0; index < 52; index += 1) {
      const body = { username: `name ${String(index)}`, password: 'wrong' };
      const address = `198.51.100.${String(index)}`;
      answers.push((await other.call('POST', '/api/v1/auth/admin/login', { body, address })).status);
    }
    await other.stop();
    expect(answers.slice(48)).toEqual([401, 401, 429, 429]);
  });

  it('answers with what keeps a browser from being misled', async () => {
    const always = {
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    };
    const refused = await identity.call('GET', '/api/v1/admin/users');
    expect(refused.headers).toMatchObject({ ...always, 'cache-control': 'no-store' });
    expect(refused.headers['strict-transport-security']).toBeUndefined();
    const keys = await identity.call('GET', '/.well-known/jwks.json');
    expect(keys.headers).toMatchObject({ ...always, 'cache-control': 'public, max-age=3600' });
    const other = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', publicUrl: 'https://cp.test' },
      clock,
      tempDir(),
    );
    const secure = await other.call('GET', '/api/v1/admin/users');
    await other.stop();
    expect(secure.headers['strict-transport-security']).toMatch(/^max-age=\d{8}/);
  });
});
