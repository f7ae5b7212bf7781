import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigDocument, LicenseState } from '@behavry/contracts';
import { ManualClock, type ServiceConfig } from '@behavry/platform';
import { eventually, signalAs, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import type { LicenseConfig } from '../src/license-service.config';
import { agentEntry, configDocument, ControlEdge, signed, TENANT_KILL } from './control-edge';
import { LICENSE_KEY, personToken, startLicense, TENANT, type RunningLicense } from './running-license';

const DAY = 86_400_000;
const admin = personToken();
const OPA_TOKEN = 'a-token-of-opa-that-nobody-can-guess';

describe('license-service on a data plane', () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 17));
  const folder = tempDir();
  let postgres: TestPostgres;
  let control: RunningLicense;
  let edge: ControlEdge;
  let bundleKey: KeyObject;
  let dataUrl: string;
  let settings: Partial<LicenseConfig> & Partial<ServiceConfig>;
  let plane: RunningLicense;
  let token: { id: string; plain: string };

  beforeAll(async () => {
    postgres = await startTestPostgres();
    control = await startLicense(await postgres.createDatabase(), tempDir(), clock, {
      mode: 'control-plane',
    });
    edge = new ControlEdge(control.url);
    const controlPlaneUrl = await edge.start();
    const issued = await control.call('POST', '/api/v1/admin/data-plane-tokens', {
      token: admin,
      body: { label: 'dp' },
    });
    token = { id: String(issued.json['id']), plain: String(issued.json['token']) };
    dataUrl = await postgres.createDatabase();
    settings = {
      mode: 'data-plane',
      tenantId: TENANT,
      deploymentId: 'dp-test-01',
      controlPlaneUrl,
      dataPlaneToken: token.plain,
      licenseKey: LICENSE_KEY,
      heartbeatInterval: 1,
      publicUrl: 'http://dp.test:8000',
      opaToken: OPA_TOKEN,
    };
    plane = await startLicense(dataUrl, folder, clock, settings);
  }, 120_000);

  afterAll(async () => {
    await plane.stop();
    await edge.stop();
    await control.stop();
    await postgres.stop();
  });

  const config = (): ConfigDocument | undefined => plane.state.get('config')?.value;
  const license = (): LicenseState | undefined => plane.state.get('license')?.value;
  const isReady = (): boolean => plane.context.health.report().checks['config']?.ready ?? false;

  /** Somebody met an agent that is not known. */
  async function want(): Promise<void> {
    await signalAs(plane.app, 'mcp-proxy', 'config.wanted', null);
  }

  /** Asks for OPA's files as its keeper does. */
  function opaFiles(bearer: string, etag = ''): Promise<Response> {
    return fetch(`${plane.opsUrl}/internal/opa-files`, {
      headers: { authorization: `Bearer ${bearer}`, 'if-none-match': etag },
    });
  }

  async function restart(change: Partial<LicenseConfig> = {}): Promise<void> {
    await plane.stop();
    plane = await startLicense(dataUrl, folder, clock, { ...settings, ...change });
  }

  it('stays up and not ready while the control plane has no bundle key and no document', async () => {
    await eventually(() => expect(license()?.state).toBe('active'));
    expect(isReady()).toBe(false);
    expect(plane.context.health.report().checks['config']?.detail).toMatch(/no config document/);
    const files = await opaFiles(OPA_TOKEN);
    expect([files.status, await files.text()]).toEqual([503, expect.stringContaining('no bundle key yet')]);
  });

  it('pins the bundle key, writes the files of OPA and becomes ready with a document', async () => {
    bundleKey = (await control.signingKeys.ensure('bundle', 'behavry-bundle')).privateKey;
    edge.publish(signed(configDocument(1, { agents: [agentEntry('a-1')] }), bundleKey));
    await eventually(() => expect(config()?.generation).toBe(1));
    expect(isReady()).toBe(true);
    const yaml = join(folder, 'opa', 'opa.yaml');
    await eventually(() => statSync(yaml));
    const text = readFileSync(yaml, 'utf8');
    expect(text).toContain(`/api/v1/opa/bundle/${TENANT}?signed_by=behavry-bundle`);
    expect(text).toMatch(/signing:\n\s+keyid: "behavry-bundle"\n\s+scope: "0197a000/);
    expect(text).not.toContain(token.plain);
    expect(readFileSync(join(folder, 'opa', 'token'), 'utf8')).toBe(token.plain);
    for (const file of ['token', 'opa.yaml'])
      expect(statSync(join(folder, 'opa', file)).mode & 0o777).toBe(0o600);
  });

  it("hands OPA's files to whoever shows OPA's token, and to nobody else", async () => {
    const answer = await opaFiles(OPA_TOKEN);
    expect(await answer.json()).toEqual({
      config: readFileSync(join(folder, 'opa', 'opa.yaml'), 'utf8'),
      token: token.plain,
    });
    const again = await opaFiles(OPA_TOKEN, answer.headers.get('etag') ?? '');
    expect([again.status, await again.text()]).toEqual([304, '']);
    for (const bearer of ['', 'undefined', `${OPA_TOKEN}x`, token.plain, plane.context.keys.internalBearer]) {
      const refused = await opaFiles(bearer, answer.headers.get('etag') ?? '');
      expect([bearer, refused.status, await refused.json()]).toEqual([
        bearer,
        401,
        { code: 'unauthenticated' },
      ]);
    }
  });

  it('is seen in the fleet with its figures', async () => {
    await eventually(async () => {
      const { json } = await control.call('GET', '/api/v1/data-planes', { token: admin });
      expect(json['data_planes']).toMatchObject([
        {
          deployment_id: 'dp-test-01',
          state: 'healthy',
          active_agent_count: 0,
          proxy_rpm_1m: 0,
          escalations_pending: 0,
          opa_bundle_version: null,
          license_state: 'active',
          config_revision: configDocument(1).revision,
          public_url: 'http://dp.test:8000',
        },
      ]);
    });
  });

  it('takes a newer document through the held poll, and keeps the last good one against bad ones', async () => {
    edge.publish(signed(configDocument(2, { kill_switches: [TENANT_KILL] }), bundleKey));
    await eventually(() => expect(config()?.kill_switches).toEqual([TENANT_KILL]), { timeoutMs: 2_000 });
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    const bad = [
      signed(configDocument(1), bundleKey),
      signed(configDocument(9), stranger),
      signed(configDocument(9, { tenant_id: '0197a000-0000-7000-8000-000000000002' }), bundleKey),
      signed(configDocument(9, { schema: 2 }), bundleKey),
      'nonsense',
    ];
    const generations: number[] = [];
    const unwatch = plane.state.watch('config', ({ value }) => generations.push(value.generation));
    // After a refused document the next look is half a minute away, unless somebody wants one.
    for (const compact of bad) {
      edge.publish(compact);
      await eventually(async () => {
        await want();
        expect(edge.served).toContain(compact);
      });
    }
    edge.publish(signed(configDocument(3, { agents: [agentEntry('a-1')] }), bundleKey));
    await eventually(async () => {
      await want();
      expect(generations).toEqual([2, 3]);
    });
    unwatch();
  });

  it('sends nothing across but these three requests, and its token to nobody else', () => {
    const bundle = `/api/v1/opa/bundle/${TENANT}`;
    const heartbeat = '/api/v1/data-planes/dp-test-01/heartbeat';
    expect(new Set(edge.seen.map(({ method, path }) => `${method} ${path}`))).toEqual(
      new Set([`GET ${bundle}`, `POST ${heartbeat}`, 'POST /api/v1/licenses/validate']),
    );
    for (const { path, authorization } of edge.seen) {
      expect(authorization).toBe(path.startsWith('/api/v1/licenses') ? undefined : `Bearer ${token.plain}`);
    }
    const beat = edge.seen.findLast(({ path }) => path === heartbeat);
    expect(Object.keys(JSON.parse(beat?.body ?? '{}') as object).sort()).toEqual([
      'active_agent_count',
      'config_revision',
      'deployment_id',
      'escalations_pending',
      'license_state',
      'opa_bundle_version',
      'proxy_rpm_1m',
      'public_url',
      'uptime_seconds',
      'version',
    ]);
  });

  it('shows its people the token and the licence, and names the control plane for the rest', async () => {
    await eventually(async () => {
      const { json } = await plane.call('GET', '/api/v1/admin/data-plane-tokens', { token: admin });
      expect(json).toEqual({
        total: 1,
        tokens: [
          {
            prefix: token.plain.slice(0, 8),
            deployment_id: 'dp-test-01',
            state: 'accepted',
            last_accepted_at: expect.any(String),
          },
        ],
      });
    });
    expect((await plane.call('GET', '/api/v1/licenses/status')).status).toBe(401);
    const status = await plane.call('GET', '/api/v1/licenses/status', {
      token: personToken(undefined, ['viewer']),
    });
    expect(status.json).toMatchObject({ state: 'active', plan_tier: 'enterprise', max_agents: -1 });
    const viewer = await plane.call('POST', '/api/v1/licenses/validate', {
      token: personToken(undefined, ['viewer']),
    });
    expect(viewer.status).toBe(403);
    const rest: readonly (readonly [string, string])[] = [
      ['POST', '/api/v1/admin/data-plane-tokens'],
      ['DELETE', `/api/v1/admin/data-plane-tokens/${token.id}`],
      ['POST', `/api/v1/admin/data-plane-tokens/${token.id}/rotate`],
      ['GET', '/api/v1/admin/license'],
      ['GET', '/api/v1/data-planes'],
      ['POST', '/api/v1/data-planes/dp-test-01/heartbeat'],
    ];
    for (const [method, path] of rest) {
      const { status: code, json } = await plane.call(method, path, {
        token: admin,
        body: method === 'POST' ? {} : undefined,
      });
      expect([path, code, json['code']]).toEqual([path, 409, 'managed_by_control_plane']);
      expect(String(json['detail'])).toContain(String(settings.controlPlaneUrl));
    }
  });

  it('starts without its control plane with what it has', async () => {
    const before = config();
    await restart({ controlPlaneUrl: 'http://127.0.0.1:9' });
    expect([config(), isReady(), license()?.state]).toEqual([before, true, 'active']);
    const { json } = await plane.call('POST', '/api/v1/licenses/validate', { token: admin });
    expect(json).toMatchObject({ state: 'active' });
  });

  it('gives a wrong licence seven days that no restart extends, then stops growth and nothing else, and says so', async () => {
    await restart({ licenseKey: 'lic_wrong' });
    await eventually(() => expect(license()?.state).toBe('grace'));
    const since = license()?.first_failure_at;
    clock.advance(7 * DAY - 1000);
    await restart({ licenseKey: 'lic_wrong' });
    await eventually(() => expect(license()).toMatchObject({ state: 'grace', first_failure_at: since }));
    clock.advance(1000);
    const checked = await plane.call('POST', '/api/v1/licenses/validate', { token: admin });
    expect(checked.json).toMatchObject({
      state: 'enforced',
      first_failure_at: since,
      reason: 'license_invalid',
    });
    await eventually(() =>
      expect(plane.errors.join()).toContain('its grace period is over: no new agents; protection goes on'),
    );
    const document = configDocument(4, {
      agents: [agentEntry('a-1'), agentEntry('a-2')],
      kill_switches: [TENANT_KILL],
    });
    edge.publish(signed(document, bundleKey));
    await eventually(() => expect(config()?.generation).toBe(4));
    expect(config()).toEqual({ ...document, agents: [agentEntry('a-1')] });
    await restart();
    await eventually(() => expect(license()).toMatchObject({ state: 'active', first_failure_at: null }));
    await eventually(() => expect(config()?.agents.map(({ id }) => id)).toEqual(['a-1', 'a-2']));
  });

  it('keeps its document and its licence when the token is revoked, and says so', async () => {
    const before = config();
    await control.call('DELETE', `/api/v1/admin/data-plane-tokens/${token.id}`, { token: admin });
    edge.configStatus = 401;
    await eventually(async () => {
      const { json } = await plane.call('GET', '/api/v1/admin/data-plane-tokens', { token: admin });
      expect(json['tokens']).toMatchObject([{ state: 'refused' }]);
    });
    expect([config(), isReady()]).toEqual([before, true]);
    await restart();
    expect([config(), isReady()]).toEqual([before, true]);
  });
});
