import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithOpa, eventually, freePort } from '@behavry/testing';
import { decide, engineFor, Stream } from './ask-opa';
import { FilesRoute } from './files-route';
import { bundleKey, PolicyServer } from './policy-server';
import { RunningKeeper, stopKeepers } from './running-keeper';

jest.setTimeout(90_000);

const TOKEN = 'token-of-the-opa-of-this-plane-0123456789';

describeWithOpa('the keeper of an OPA on the network', () => {
  const server = new PolicyServer();
  const route = new FilesRoute(TOKEN);
  const key = bundleKey();
  const nextKey = bundleKey();
  let routeUrl: string;
  let url: string;
  let env: Record<string, string>;

  beforeAll(async () => {
    await server.start('token');
    server.publish('r-1', key);
    server.publish('r-2', nextKey);
    routeUrl = await route.start();
    const listen = `127.0.0.1:${String(await freePort())}`;
    url = `http://${listen}`;
    env = {
      BEHAVRY_OPA_LISTEN: listen,
      BEHAVRY_OPA_TOKEN: TOKEN,
      BEHAVRY_OPA_FILES_URL: routeUrl,
      BEHAVRY_OPA_STAGGER_SECONDS: '0',
      // With a token there is no way to leave it out.
      BEHAVRY_OPA_AUTHORIZATION: 'false',
    };
  });
  beforeEach(() => {
    route.answered.length = 0;
    route.files = { config: server.configuration('r-1', key), token: 'token' };
  });
  afterEach(stopKeepers);
  afterAll(async () => {
    await server.stop();
    await route.stop();
  });

  async function status(method: string, path: string, authorization?: string): Promise<number> {
    const headers = authorization === undefined ? {} : { authorization };
    const body = method === 'POST' ? '{"input":{}}' : null;
    return (await fetch(`${url}${path}`, { method, headers, body })).status;
  }

  it('brings the files from license-service into its own folder, once they are there', async () => {
    route.files = undefined;
    const keeper = await RunningKeeper.start(env);
    await eventually(() => expect(keeper.log).toContain('answered 503: there is no bundle key yet'));
    expect(keeper.opas()).toEqual([]);
    route.files = { config: server.configuration('r-1', key), token: 'token' };
    await keeper.ready();
    expect(readFileSync(join(keeper.folder, 'files/token'), 'utf8')).toBe('token');
    for (const name of ['token', 'opa.yaml'])
      expect(statSync(join(keeper.folder, 'files', name)).mode & 0o777).toBe(0o600);
    // From then on only what changed is sent.
    await eventually(() => expect(route.answered.filter((code) => code !== 503)).toEqual([200, 304]));
  });

  it('says that its token is not the one of license-service, and starts nothing', async () => {
    const keeper = await RunningKeeper.start({ ...env, BEHAVRY_OPA_TOKEN: `${TOKEN}-other` });
    await eventually(() => expect(keeper.log).toContain('license-service refuses BEHAVRY_OPA_TOKEN'));
    expect(keeper.log).not.toContain(TOKEN);
    expect(keeper.opas()).toEqual([]);
  });

  it('starts OPA with the files of its folder while license-service is away', async () => {
    const before = await RunningKeeper.start(env);
    await before.ready();
    await before.signal('SIGTERM');
    const gone = { ...env, BEHAVRY_OPA_FILES_URL: 'http://127.0.0.1:9' };
    const keeper = await RunningKeeper.start(gone, before.folder);
    await keeper.ready();
    expect(keeper.log).toContain('those in the folder stay');
  });

  it('answers nothing but its health to whoever does not have the token', async () => {
    const keeper = await RunningKeeper.start(env);
    await keeper.ready();
    const decision = '/v1/data/behavry/authz/decision';
    expect(await status('GET', '/health')).toBe(200);
    for (const shown of [undefined, 'Bearer', 'Bearer wrong', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`]) {
      expect([shown, await status('POST', decision, shown)]).toEqual([shown, 401]);
      expect([shown, await status('GET', '/metrics', shown)]).toEqual([shown, 401]);
    }
    expect(await status('POST', decision, `Bearer ${TOKEN}`)).toBe(200);
    for (const [method, path] of [
      ['GET', '/v1/policies'],
      ['GET', '/v1/config'],
      ['GET', '/v1/data/system/access'],
      ['POST', '/v1/data/system/access'],
      ['DELETE', '/v1/policies/behavry/authz/decision.rego'],
    ] as const)
      expect([path, await status(method, path, `Bearer ${TOKEN}`)]).toEqual([path, 401]);
    const engine = engineFor({ url, token: TOKEN });
    expect(await decide(engine)).toMatchObject({ ok: true, decision: { revision: 'r-1' } });
    await engine.close();
    // Its process shows neither token: not in its arguments, not in its environment.
    const [opa = 0] = keeper.opas();
    for (const file of ['cmdline', 'environ'])
      expect(readFileSync(`/proc/${String(opa)}/${file}`, 'utf8')).not.toContain(TOKEN);
    expect(await keeper.metric('go_goroutines')).toBeGreaterThan(0);
  });

  it('starts OPA again with a changed configuration that was tried before, and is not ready meanwhile', async () => {
    const keeper = await RunningKeeper.start(env);
    await keeper.ready();
    const stream = new Stream(() => engineFor({ url, token: TOKEN }), 4);
    const [opa = 0] = keeper.opas();
    route.files = { config: '{', token: 'token' };
    await eventually(() => expect(keeper.log).toContain('opa_configuration_refused'), { timeoutMs: 20_000 });
    expect([stream.faults, keeper.opas()]).toEqual([[], [opa]]);
    route.files = { config: server.configuration('r-2', nextKey), token: 'token' };
    await eventually(async () => expect((await keeper.health()).status).toBe(503), { timeoutMs: 30_000 });
    await keeper.ready();
    await eventually(() => expect([...stream.revisions]).toEqual(['r-1', 'r-2']));
    expect(keeper.opas()).not.toContain(opa);
    await stream.end();
    // The moment without an OPA: clients are refused, and nothing else happens to them.
    expect([...new Set(stream.faults)].filter((fault) => fault !== 'opa_unreachable')).toEqual([]);
    expect(stream.longestGapMs).toBeLessThan(5_000);
  });
});
