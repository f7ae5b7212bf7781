import { AUDIT_EVENTS_QUEUE, type SpoolEntry } from '@behavry/contracts';
import {
  PlaneSignalBus,
  PlaneState,
  ProxyConfig,
  QueueBroker,
  TokenVerifier,
  type ServiceDefinition,
} from '@behavry/platform';
import { describeWithOpa, eventually, TEST_TENANT } from '@behavry/testing';
import { opaBundleConfig, startProxy, writePolicyBundle, type RunningProxy } from '../src';

class NoModule {}

/** The least that can stand in a proxy's place: who calls, by the config document, and one entry a request. */
const DEFINITION: ServiceDefinition<ProxyConfig> = {
  app: 'mcp-proxy',
  config: ProxyConfig,
  module: () => ({ module: NoModule }),
  mount: (app) => {
    const state = app.get(PlaneState);
    app
      .getHttpAdapter()
      .getInstance()
      .get('/whoami', async (request) => {
        const token = request.headers.authorization?.slice(7) ?? '';
        const verified = app.get(TokenVerifier).verify(token, 'behavry:agent');
        const entry = { id: request.id } as SpoolEntry;
        await app
          .get(QueueBroker)
          .producer(AUDIT_EVENTS_QUEUE)
          .add({ spool_id: 's', first: 1, entries: [entry] });
        return { verified, id: entry.id, agents: state.get('config')?.value.agents };
      });
  },
};

describeWithOpa('the proxy harness', () => {
  let proxy: RunningProxy<ProxyConfig>;

  beforeAll(async () => {
    const folder = writePolicyBundle({ 'base/own.rego': 'package behavry.base.own\n' });
    proxy = await startProxy({ definition: DEFINITION, opa: { config: opaBundleConfig(folder) } });
  }, 60_000);

  afterAll(() => proxy.stop());

  it('trusts its own issuer, puts documents in force, and keeps and acknowledges entries', async () => {
    await proxy.configure({ agents: [] });
    const told: unknown[] = [];
    proxy.app.get(PlaneSignalBus).on('audit.positions', ({ spools }) => told.push(spools));
    const answer = await fetch(`${proxy.url}/whoami`, { headers: proxy.agent('a1') });
    const body = (await answer.json()) as { id: string; verified: unknown; agents: unknown };
    expect(body).toMatchObject({
      verified: { ok: true, token: { subject: 'a1', tenantId: TEST_TENANT, sessionId: 'session-of-a1' } },
      agents: [],
    });
    expect(await proxy.entriesOf(body.id)).toMatchObject([{ id: body.id }]);
    await eventually(() => expect(told).toContainEqual({ s: 1 }));
  });

  it('answers claims as the test says, and only to the plane itself', async () => {
    proxy.claims.answer = () => ({ state: 'limit' });
    const ask = (token: string): Promise<Response> =>
      fetch(`${proxy.claims.url}/internal/claims`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: '{"tool":"t"}',
      });
    expect(await (await ask(proxy.plane.keys.internalBearer)).json()).toEqual({ state: 'limit' });
    expect((await ask('another')).status).toBe(401);
    expect(proxy.claims.claims).toEqual([{ tool: 't' }]);
  });
});
