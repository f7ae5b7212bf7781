import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { appsOf } from '@behavry/contracts';
import { ManualClock } from '@behavry/platform';
import { startTestPostgres, type TestPostgres } from '@behavry/testing';
import { startIdentity, type RunningIdentity } from './running-identity';

/** The ops port of another app. */
class OtherApp {
  asked = 0;
  isReady = true;
  readonly server: Server = createServer((_request, response) => {
    this.asked += 1;
    response.writeHead(this.isReady ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ checks: { opa: { ready: this.isReady, detail: 'no policy yet' } } }));
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
}

describe('the health of a plane', () => {
  const others = new Map(appsOf('control-plane').map(({ name }) => [name, new OtherApp()]));
  let postgres: TestPostgres;
  let identity: RunningIdentity;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const opsUrls: string[] = [];
    for (const [name, other] of others) opsUrls.push(`${name}=${await other.listen()}`);
    identity = await startIdentity(
      await postgres.createDatabase(),
      { mode: 'control-plane', opsUrls },
      new ManualClock(Date.UTC(2026, 0, 1)),
    );
  });
  afterAll(async () => {
    await identity.stop();
    await postgres.stop();
    for (const { server } of others.values()) {
      server.closeAllConnections();
      server.close();
    }
  });

  const answerAfterPause = async (path: string): ReturnType<RunningIdentity['call']> => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    return identity.call('GET', path);
  };

  it('is ready when every app of its mode is, and asks each once for all who ask together', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => identity.call('GET', '/health/ready')),
    );
    for (const { status, json } of answers) {
      expect(status).toBe(200);
      expect(json).toMatchObject({
        status: 'ok',
        service: 'behavry',
        mode: 'control-plane',
        apps: { 'identity-jwks': 'ready', 'bundle-server': 'ready' },
      });
    }
    for (const { asked } of others.values()) expect(asked).toBe(1);
  });

  it('says which app is not ready, and why', async () => {
    const [policies, bundles] = [others.get('policy-service'), others.get('bundle-server')];
    if (!policies || !bundles) throw new Error('a control plane has these');
    policies.isReady = false;
    bundles.server.closeAllConnections();
    await new Promise((resolve) => bundles.server.close(resolve));
    const { status, headers, json } = await answerAfterPause('/health');
    expect(status).toBe(503);
    expect(headers['content-type']).toContain('application/problem+json');
    expect(headers['retry-after']).toBe('2');
    expect(json).toMatchObject({
      code: 'plane_not_ready',
      service: 'behavry',
      mode: 'control-plane',
      health: 'not_ready',
      apps: { 'policy-service': 'not_ready', 'bundle-server': 'unreachable', 'identity-jwks': 'ready' },
      errors: [
        { field: 'policy-service', message: 'opa: no policy yet' },
        { field: 'bundle-server', message: 'does not answer' },
      ],
    });
  });

  it('is alive whatever the others are', async () => {
    const { status, json } = await identity.call('GET', '/health/live');
    expect([status, json]).toEqual([200, expect.objectContaining({ status: 'ok', mode: 'control-plane' })]);
    expect((await identity.call('POST', '/health/live')).status).toBe(401);
  });
});
