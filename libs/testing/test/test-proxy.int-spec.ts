import { AUDIT_EVENTS_QUEUE, type SpoolEntry } from '@behavry/contracts';
import {
  PlaneState,
  ProxyConfig,
  QueueBroker,
  TokenVerifier,
  type ServiceDefinition,
} from '@behavry/platform';
import {
  bearer,
  describeWithOpa,
  opaBundleConfig,
  startTestProxy,
  writePolicyBundle,
  type TestProxy,
} from '../src';
import { TEST_TENANT } from '../src/plane/config-document';

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
        const batch = { spool_id: 's', first: 1, last: 1, entries: JSON.stringify([entry]) };
        await app.get(QueueBroker).producer(AUDIT_EVENTS_QUEUE).add(batch);
        return { verified, id: entry.id, agents: state.get('config')?.value.agents };
      });
  },
};

describeWithOpa('the proxy harness', () => {
  let proxy: TestProxy;

  beforeAll(async () => {
    const folder = writePolicyBundle({ 'base/own.rego': 'package behavry.base.own\n' });
    proxy = await startTestProxy({ definition: DEFINITION, policies: { config: opaBundleConfig(folder) } });
  }, 60_000);

  afterAll(() => proxy.stop());

  it('trusts its own issuer, puts documents in force, and keeps and acknowledges entries', async () => {
    await proxy.configure({ agents: [] });
    const answer = await fetch(`${proxy.url}/whoami`, { headers: bearer(proxy.issuer.agentToken('a1')) });
    const body = (await answer.json()) as { id: string; verified: unknown; agents: unknown };
    expect(body).toMatchObject({
      verified: { ok: true, token: { subject: 'a1', tenantId: TEST_TENANT, sessionId: 'session-of-a1' } },
      agents: [],
    });
    expect(await proxy.entriesOf(body.id)).toMatchObject([{ id: body.id }]);
  });

  it('answers claims as the test says, and only to the plane itself', async () => {
    proxy.claims.answer = () => ({ state: 'limit' });
    const ask = (token: string): Promise<Response> =>
      fetch(`${proxy.claims.url}/internal/claims`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: '{"tool":"t"}',
      });
    expect(await (await ask(proxy.internalBearer)).json()).toEqual({ state: 'limit' });
    expect((await ask('another')).status).toBe(401);
    expect(proxy.claims.claims).toEqual([{ tool: 't' }]);
  });
});
