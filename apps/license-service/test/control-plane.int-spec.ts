// Long because one running service serves every case: another file would start it all again.
import { Client } from 'pg';
import { ManualClock, sha256Hex } from '@behavry/platform';
import { eventually, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { FleetWatch } from '../src/fleet/fleet-watch';
import {
  LICENSE_KEY,
  OTHER_TENANT,
  personToken,
  startLicense,
  type Answer,
  type RunningLicense,
} from './running-license';

const START = Date.UTC(2026, 2, 17);
const DAY = 86_400_000;
const TOKENS = '/api/v1/admin/data-plane-tokens';

describe('license-service on a control plane', () => {
  const clock = new ManualClock(START);
  const admin = personToken();
  let postgres: TestPostgres;
  let dbUrl: string;
  let service: RunningLicense;
  let listener: Client;
  const notified: string[] = [];

  beforeAll(async () => {
    postgres = await startTestPostgres();
    dbUrl = await postgres.createDatabase();
    service = await startLicense(dbUrl, tempDir(), clock, { mode: 'control-plane' });
    listener = new Client({ connectionString: dbUrl });
    await listener.connect();
    listener.on('notification', ({ payload }) => notified.push(payload ?? ''));
    await listener.query('LISTEN behavry_tokens');
  }, 120_000);

  afterAll(async () => {
    await listener.end();
    await service.stop();
    await postgres.stop();
  });

  async function issue(body: object = {}): Promise<{ id: string; token: string }> {
    const { status, json } = await service.call('POST', TOKENS, {
      token: admin,
      body: { label: 'edge', ...body },
    });
    expect(status).toBe(201);
    return { id: String(json['id']), token: String(json['token']) };
  }

  function beat(token: string, deployment: string, body: object = {}): Promise<Answer> {
    return service.call('POST', `/api/v1/data-planes/${deployment}/heartbeat`, {
      token,
      body: {
        deployment_id: deployment,
        active_agent_count: 8,
        proxy_rpm_1m: 142.5,
        escalations_pending: 2,
        opa_bundle_version: '20260317T143022Z',
        uptime_seconds: 86_400,
        ...body,
      },
    });
  }

  async function listed(id: string): Promise<Record<string, unknown>> {
    const { json } = await service.call('GET', TOKENS, { token: admin });
    return (json['tokens'] as unknown as Record<string, unknown>[]).find((token) => token['id'] === id) ?? {};
  }

  it('issues a token as the contract shows it, once, and keeps only its hash', async () => {
    const body = { label: 'US East production', region: 'us-east-1', expires_days: 365 };
    const { status, headers, json } = await service.call('POST', TOKENS, { token: admin, body });
    expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
    expect(json).toEqual({
      id: expect.any(String) as string,
      label: 'US East production',
      tenant_id: '0197a000-0000-7000-8000-000000000001',
      deployment_id: null,
      region: 'us-east-1',
      created_at: '2026-03-17T00:00:00.000Z',
      expires_at: '2027-03-17T00:00:00.000Z',
      last_seen_at: null,
      revoked_at: null,
      token: expect.stringMatching(/^dp_[A-Za-z0-9_-]{48}$/) as string,
    });
    const token = String(json['token']);
    const { rows } = await listener.query<{ row: string; hash: string }>(
      `SELECT t::text AS row, encode(token_sha256, 'hex') AS hash FROM control.data_plane_tokens t WHERE id = $1`,
      [json['id']],
    );
    expect(rows[0]?.hash).toBe(sha256Hex(token));
    expect(rows[0]?.row).not.toContain(token.slice(8));
    const list = await service.call('GET', TOKENS, { token: admin });
    expect(JSON.stringify(list.json)).not.toMatch(new RegExp(`${token.slice(8)}|${sha256Hex(token)}`));
    expect(list.json).toMatchObject({
      total: 1,
      tokens: [{ id: json['id'], prefix: token.slice(0, 8), state: 'unused' }],
    });
  });

  it('asks for an administrator, of the right tenant, and for sensible bodies', async () => {
    const { id } = await issue();
    for (const [method, path] of [
      ['GET', TOKENS],
      ['POST', TOKENS],
      ['GET', '/api/v1/admin/license'],
      ['GET', '/api/v1/data-planes'],
    ] as const) {
      expect([path, (await service.call(method, path)).status]).toEqual([path, 401]);
    }
    const viewer = personToken(undefined, ['viewer']);
    expect((await service.call('POST', TOKENS, { token: viewer, body: { label: 'x' } })).status).toBe(403);
    expect((await service.call('GET', '/api/v1/admin/license', { token: viewer })).status).toBe(403);
    const stranger = personToken(OTHER_TENANT);
    expect((await service.call('DELETE', `${TOKENS}/${id}`, { token: stranger })).status).toBe(404);
    expect((await service.call('GET', TOKENS, { token: stranger })).json).toEqual({ tokens: [], total: 0 });
    for (const body of [{}, { label: '' }, { label: 'x', expires_days: 0 }, { label: 'x', hash: 'y' }]) {
      expect([body, (await service.call('POST', TOKENS, { token: admin, body })).status]).toEqual([
        body,
        422,
      ]);
    }
  });

  it('takes heartbeats: binds the first deployment, keeps the figures, accepts members it does not know', async () => {
    const { id, token } = await issue();
    clock.advance(5_000);
    const { status, json } = await beat(token, 'dp-us-east-01', { queue_depths: { audit: 3 } });
    expect(status).toBe(200);
    expect(json).toEqual({
      server_time: new Date(clock.now()).toISOString(),
      desired_revision: null,
      update_available: false,
      bundle_keys: [],
    });
    const key = await service.signingKeys.ensure('bundle', 'behavry-bundle');
    expect((await beat(token, 'dp-us-east-01')).json['bundle_keys']).toEqual([key.publicJwk]);
    expect(await listed(id)).toMatchObject({
      deployment_id: 'dp-us-east-01',
      last_seen_at: new Date(clock.now()).toISOString(),
      active_agent_count: 8,
      opa_bundle_version: '20260317T143022Z',
      state: 'healthy',
    });
    const other = await beat(token, 'dp-us-east-02');
    expect([other.status, other.json['code']]).toEqual([409, 'deployment_mismatch']);
  });

  it('lets exactly one of two first heartbeats bind a token', async () => {
    const { token } = await issue();
    const answers = await Promise.all(['dp-a', 'dp-b', 'dp-c', 'dp-d'].map((name) => beat(token, name)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
  });

  it('refuses heartbeats whose content is wrong, and says where', async () => {
    const { id, token } = await issue();
    const faults: readonly (readonly [object, string])[] = [
      [{ deployment_id: 'dp-other' }, 'path_body_mismatch'],
      [{ active_agent_count: 'eight' }, 'validation_failed'],
      [{ proxy_rpm_1m: -1 }, 'validation_failed'],
      [{ opa_bundle_version: null }, 'validation_failed'],
      [{ version: 'a\u0000b' }, 'validation_failed'],
    ];
    for (const [change, code] of faults) {
      const { status, json } = await beat(token, 'dp-faulty', change);
      expect([change, status, json['code']]).toEqual([change, 422, code]);
      expect((json['errors'] as unknown as unknown[]).length).toBeGreaterThan(0);
    }
    expect((await beat(token, 'dp-large', { active_agent_count: 1e15 })).status).toBe(200);
    expect(await listed(id)).toMatchObject({ deployment_id: 'dp-large', active_agent_count: 2 ** 31 - 1 });
  });

  it('answers unknown, revoked and expired tokens alike, and tells of a revocation at once', async () => {
    const revoked = await issue();
    const expired = await issue({ expires_days: 1 });
    expect((await beat(revoked.token, 'dp-r')).status).toBe(200);
    const before = notified.length;
    expect((await service.call('DELETE', `${TOKENS}/${revoked.id}`, { token: admin })).status).toBe(204);
    await eventually(() => expect(notified.length).toBeGreaterThan(before));
    expect(await listed(revoked.id)).toMatchObject({
      state: 'revoked',
      revoked_at: new Date(clock.now()).toISOString(),
    });
    clock.advance(DAY);
    const answers = await Promise.all(
      [revoked.token, expired.token, `dp_${'x'.repeat(48)}`, 'nonsense'].map((token) => beat(token, 'dp-r')),
    );
    const facts = answers.map(({ status, json }) => ({ status, ...(json as object), request_id: '' }));
    expect(facts[0]).toMatchObject({ status: 401, code: 'unauthenticated' });
    for (const fact of facts) expect(fact).toEqual(facts[0]);
    const { rows } = await listener.query(
      `SELECT 1 FROM plane.changes WHERE target = $1 AND action LIKE '%revoke'`,
      [revoked.id],
    );
    expect(rows).toHaveLength(1);
  });

  it('rotates a token: both work through the overlap, then the old one ends', async () => {
    const old = await issue();
    await beat(old.token, 'dp-rotating');
    const answer = await service.call('POST', `${TOKENS}/${old.id}/rotate`, {
      token: admin,
      body: { overlap_seconds: 60 },
    });
    expect(answer.json).toMatchObject({ deployment_id: 'dp-rotating', label: 'edge' });
    const fresh = String(answer.json['token']);
    expect([
      (await beat(old.token, 'dp-rotating')).status,
      (await beat(fresh, 'dp-rotating')).status,
    ]).toEqual([200, 200]);
    clock.advance(60_000);
    expect([
      (await beat(old.token, 'dp-rotating')).status,
      (await beat(fresh, 'dp-rotating')).status,
    ]).toEqual([401, 200]);
    const fleet = await service.call('GET', '/api/v1/data-planes?limit=500', { token: admin });
    const rows = fleet.json['data_planes'] as unknown as { deployment_id: string }[];
    expect(rows.filter(({ deployment_id }) => deployment_id === 'dp-rotating')).toHaveLength(1);
  });

  it('shows how each data plane is doing, by the age of its last heartbeat, and says changes once', async () => {
    const { token } = await issue();
    await beat(token, 'dp-fleet', { version: '1.4.0', public_url: 'https://dp.example.com' });
    const stateOf = async (): Promise<unknown> => {
      const { json } = await service.call('GET', '/api/v1/data-planes?limit=500', { token: admin });
      const planes = json['data_planes'] as unknown as Record<string, unknown>[];
      return planes.find((plane) => plane['deployment_id'] === 'dp-fleet');
    };
    expect(await stateOf()).toMatchObject({
      state: 'healthy',
      in_sync: false,
      proxy_rpm_1m: 142.5,
      escalations_pending: 2,
      public_url: 'https://dp.example.com',
      version: '1.4.0',
    });
    const watch = service.app.get(FleetWatch);
    const metric = 'behavry_fleet_state_changes_total';
    await watch.sweep();
    for (const [ms, state] of [
      [121_000, 'late'],
      [60_000, 'stale'],
      [600_000, 'offline'],
    ] as const) {
      clock.advance(ms);
      expect(await stateOf()).toMatchObject({ state });
    }
    await watch.sweep();
    await watch.sweep();
    const text = await service.context.metrics.getSingleMetricAsString(metric);
    expect(text).toMatch(/state="offline"\} [1-9]/);
  });

  it('serves several data planes of a tenant, each with its own token and its own figures', async () => {
    const places = ['dp-east', 'dp-west', 'dp-north'];
    for (const [index, place] of places.entries()) {
      const { token } = await issue({ label: place });
      expect((await beat(token, place, { active_agent_count: index })).status).toBe(200);
    }
    const { json } = await service.call('GET', '/api/v1/data-planes?limit=500', { token: admin });
    const planes = json['data_planes'] as unknown as Record<string, unknown>[];
    const own = planes.filter((plane) => places.includes(String(plane['deployment_id'])));
    const figures = own.map((plane) => [plane['deployment_id'], plane['state'], plane['active_agent_count']]);
    expect(figures.sort()).toEqual([
      ['dp-east', 'healthy', 0],
      ['dp-north', 'healthy', 2],
      ['dp-west', 'healthy', 1],
    ]);
  });

  it('validates licences as the contract writes it', async () => {
    const { id, token } = await issue();
    const request = {
      license_key: LICENSE_KEY,
      deployment_id: 'dp-l',
      data_plane_token: token,
      reported_agent_count: 12,
      version: '1.4.0',
    };
    const validate = (body: object): Promise<Answer> =>
      service.call('POST', '/api/v1/licenses/validate', { body });
    const key = await service.signingKeys.ensure('bundle', 'behavry-bundle');
    const right = await validate({ ...request, something_new: 1 });
    expect(right.status).toBe(200);
    expect(right.json).toEqual({
      valid: true,
      plan_tier: 'enterprise',
      expires_at: '2027-03-01T00:00:00.000Z',
      max_agents: -1,
      grace_period_days: 7,
      update_available: false,
      update_notes: null,
      bundle_keys: [key.publicJwk],
    });
    expect((await listed(id))['last_seen_at']).toBe(new Date(clock.now()).toISOString());
    for (const license_key of ['lic_wrong', 'lic_other']) {
      const wrong = await validate({ ...request, license_key });
      expect([wrong.status, wrong.json]).toMatchObject([
        200,
        {
          valid: false,
          plan_tier: null,
          expires_at: null,
          max_agents: null,
          grace_period_days: 7,
          bundle_keys: [key.publicJwk],
        },
      ]);
    }
    const stranger = await validate({ ...request, data_plane_token: 'dp_unknown' });
    expect([stranger.status, stranger.json['code']]).toEqual([401, 'unauthenticated']);
    expect((await validate({ ...request, reported_agent_count: 'many' })).status).toBe(422);
  });

  it('shows an administrator the licence', async () => {
    const { json } = await service.call('GET', '/api/v1/admin/license', { token: admin });
    expect(json).toEqual({
      license_key: LICENSE_KEY,
      plan_tier: 'enterprise',
      expires_at: '2027-03-01T00:00:00.000Z',
      max_agents: -1,
      features: ['siem'],
    });
    const status = await service.call('GET', '/api/v1/licenses/status', {
      token: personToken(undefined, ['viewer']),
    });
    expect(status.json).toMatchObject({ state: 'active', plan_tier: 'enterprise' });
  });
});
