import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '@behavry/platform';
import { eventually, startTestPostgres, tempDir, type TestPostgres } from '@behavry/testing';
import { configDocument, ControlEdge, signed } from './control-edge';
import { personToken, startLicense, TENANT, type RunningLicense } from './running-license';

describe('license-service in standalone', () => {
  const clock = new ManualClock(Date.UTC(2026, 2, 17));
  const folder = tempDir();
  const edge = new ControlEdge(undefined);
  let postgres: TestPostgres;
  let dbUrl: string;
  let bundleServerUrl: string;
  let service: RunningLicense;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    dbUrl = await postgres.createDatabase();
    bundleServerUrl = await edge.start();
    service = await start();
  }, 120_000);

  afterAll(async () => {
    await service.stop();
    await edge.stop();
    await postgres.stop();
  });

  /** Variables of a data plane are set and must not matter. */
  function start(): Promise<RunningLicense> {
    return startLicense(dbUrl, folder, clock, {
      mode: 'standalone',
      bundleServerUrl,
      controlPlaneUrl: 'http://127.0.0.1:9',
      dataPlaneToken: `dp_${'x'.repeat(48)}`,
      licenseKey: 'lic_wrong',
    });
  }

  const tokenOf = (): string => readFileSync(join(folder, 'opa', 'token'), 'utf8');

  it('waits for the key of its bundle-server, then follows the config document with a token of its own', async () => {
    expect(service.context.health.report().checks['config']?.ready).toBe(false);
    const { privateKey } = await service.signingKeys.ensure('bundle', 'behavry-bundle');
    edge.publish(signed(configDocument(1), privateKey));
    await eventually(() => expect(service.state.get('config')?.value.generation).toBe(1));
    expect(service.context.health.report().checks['config']?.ready).toBe(true);
    await eventually(() => expect(tokenOf()).toMatch(/^dpi_[A-Za-z0-9_-]{48}$/));
    expect(statSync(join(folder, 'opa', 'token')).mode & 0o777).toBe(0o600);
    for (const bearer of ['undefined', service.context.keys.internalBearer]) {
      // There is no token of OPA in this system.
      const url = `${service.opsUrl}/internal/opa-files`;
      expect((await fetch(url, { headers: { authorization: `Bearer ${bearer}` } })).status).toBe(401);
    }
    const yaml = readFileSync(join(folder, 'opa', 'opa.yaml'), 'utf8');
    expect(yaml).toContain(JSON.stringify(bundleServerUrl));
    expect(yaml).toContain('deployment_id: "standalone"');
    for (const { path, authorization } of edge.seen) {
      expect([path, authorization]).toEqual([`/api/v1/opa/bundle/${TENANT}`, `Bearer ${tokenOf()}`]);
    }
  });

  it('has the licence of its tenant, whatever the variables of a data plane say', async () => {
    await eventually(() =>
      expect(service.state.get('license')?.value).toMatchObject({ state: 'active', max_agents: -1 }),
    );
    const status = await service.call('GET', '/api/v1/licenses/status', { token: personToken() });
    expect(status.json).toMatchObject({ state: 'active' });
  });

  it('lists no internal token, accepts it nowhere but at the bundle, and keeps it over a restart', async () => {
    const { json } = await service.call('GET', '/api/v1/admin/data-plane-tokens', { token: personToken() });
    expect(json).toEqual({ tokens: [], total: 0 });
    const token = tokenOf();
    const beat = await service.call('POST', '/api/v1/data-planes/standalone/heartbeat', { token, body: {} });
    expect(beat.status).toBe(401);
    await service.stop();
    service = await start();
    expect(service.state.get('config')?.value.generation).toBe(1);
    expect(tokenOf()).toBe(token);
  });
});
