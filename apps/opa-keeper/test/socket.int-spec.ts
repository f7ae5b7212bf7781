import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describeWithOpa, eventually } from '@behavry/testing';
import { decide, engineFor, Stream } from './ask-opa';
import { bundleKey, PolicyServer } from './policy-server';
import { isAlive, RunningKeeper, stopKeepers } from './running-keeper';

jest.setTimeout(60_000);

describeWithOpa('the keeper of an OPA on a socket', () => {
  const server = new PolicyServer();
  const key = bundleKey();
  const nextKey = bundleKey();
  let first: string;
  let next: string;

  beforeAll(async () => {
    await server.start('token');
    server.publish('r-1', key);
    server.publish('r-2', nextKey);
    first = server.configuration('r-1', key);
    next = server.configuration('r-2', nextKey);
  });
  afterEach(stopKeepers);
  afterAll(() => server.stop());

  async function deciding(env: Readonly<Record<string, string>> = {}): Promise<RunningKeeper> {
    const keeper = await RunningKeeper.start(env);
    keeper.give(first);
    await keeper.ready();
    return keeper;
  }

  async function revision(keeper: RunningKeeper): Promise<string | undefined> {
    const engine = engineFor({ socket: keeper.socket });
    const answer = await decide(engine);
    await engine.close();
    return answer.ok ? answer.decision.revision : answer.fault;
  }

  it('says what it waits for, then starts OPA with its files and nothing of its own', async () => {
    const keeper = await RunningKeeper.start({ BEHAVRY_SECRET_X: 'secret', NO_PROXY: '127.0.0.1' });
    await eventually(() => expect(keeper.log).toContain('waiting for opa.yaml and token'));
    expect(keeper.log).toContain(`"folder":"${keeper.folder}/files"`);
    const waiting = await keeper.health();
    expect([waiting.status, waiting.body.checks.opa?.detail]).toEqual([
      503,
      expect.stringContaining('does not hold opa.yaml and token yet'),
    ]);
    expect((await fetch(`${keeper.opsUrl}/health/live`)).status).toBe(200);
    expect(keeper.opas()).toEqual([]);

    keeper.give(first);
    await keeper.ready();
    expect(await revision(keeper)).toBe('r-1');
    // The configuration names other places; these are the keeper's.
    expect(server.shown.at(-1)).toBe('Bearer token');
    expect(statSync(join(keeper.folder, 'files/bundles/bundles/behavry/bundle.tar.gz')).isFile()).toBe(true);
    expect(statSync(keeper.socket).mode & 0o777).toBe(0o600);
    const [opa = 0] = keeper.opas();
    const environment = readFileSync(`/proc/${String(opa)}/environ`, 'utf8')
      .split('\0')
      .filter(Boolean);
    expect(environment.map((pair) => pair.split('=')[0]).sort()).toEqual([
      'GOGC',
      'GOMEMLIMIT',
      'NO_PROXY',
      'PATH',
    ]);
    expect(await keeper.metric('go_goroutines')).toBeGreaterThan(0);
  });

  it('lets nobody read or change what OPA decides by', async () => {
    const keeper = await deciding();
    const status = (method: string, path: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        request({ socketPath: keeper.socket, method, path }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .once('error', reject)
          .end();
      });
    expect(await status('GET', '/v1/policies')).toBe(401);
    expect(await status('DELETE', '/v1/policies/behavry/authz/decision.rego')).toBe(401);
    expect(await status('GET', '/v1/config')).toBe(401);
    expect(await status('GET', '/health')).toBe(200);
  });

  it('starts OPA again when it is killed, with its last policies', async () => {
    const keeper = await deciding();
    const [opa = 0] = keeper.opas();
    process.kill(opa, 'SIGKILL');
    await eventually(() => expect(isAlive(opa)).toBe(false));
    await keeper.ready();
    expect(await revision(keeper)).toBe('r-1');
    expect(keeper.opas()).not.toContain(opa);
    expect(await keeper.metric('behavry_opa_keeper_restarts_total')).toBe(1);
  });

  it('puts an OPA with another key in its place without one failed decision', async () => {
    const keeper = await deciding();
    const [opa = 0] = keeper.opas();
    const open = (): ReturnType<typeof engineFor> => engineFor({ socket: keeper.socket });
    const streams = [new Stream(open, 8), new Stream(open, 2, 'new')];
    const all = <T>(of: (stream: Stream, at: number) => T): T[] => streams.map(of);
    await eventually(() => expect(Math.min(...all(({ count }) => count))).toBeGreaterThan(20));
    keeper.give(next);
    await eventually(
      () => expect(all(({ revisions }) => [...revisions])).toEqual(all(() => ['r-1', 'r-2'])),
      { timeoutMs: 30_000 },
    );
    await eventually(() => expect(isAlive(opa)).toBe(false), { timeoutMs: 20_000 });
    const afterwards = all(({ count }) => count);
    await eventually(() => all(({ count }, at) => expect(count).toBeGreaterThan((afterwards[at] ?? 0) + 20)));
    await Promise.all(all((stream) => stream.end()));
    expect(all(({ faults }) => faults)).toEqual([[], []]);
    expect(lstatSync(keeper.socket).isSymbolicLink()).toBe(true);
    expect(readlinkSync(keeper.socket)).toBe('opa.sock.2');
    expect(keeper.opas()).toHaveLength(1);
    expect(await keeper.metric('behavry_opa_keeper_changes_total{outcome="replaced"}')).toBe(1);
  });

  it.each([
    ['that OPA cannot read', '{', /ended with code/, 60],
    ['whose key has signed nothing', undefined, /no policies after 3 s/, 3],
  ])('keeps the OPA it has against a configuration %s', async (_what, text, why, seconds) => {
    const keeper = await deciding({ BEHAVRY_OPA_ACTIVATION_SECONDS: String(seconds) });
    const stream = new Stream(() => engineFor({ socket: keeper.socket }), 2);
    keeper.give(text ?? server.configuration('r-1', nextKey));
    await eventually(() => expect(keeper.log).toContain('opa_configuration_refused'), { timeoutMs: 20_000 });
    expect(keeper.log).toMatch(why);
    expect(await keeper.metric('behavry_opa_keeper_configuration_pending')).toBe(1);
    expect(await keeper.metric('behavry_opa_keeper_changes_total{outcome="kept"}')).toBe(1);
    await stream.end();
    expect([stream.faults, [...stream.revisions]]).toEqual([[], ['r-1']]);
    // Also when it has to start that one again.
    const [opa = 0, ...others] = keeper.opas();
    expect(others).toEqual([]);
    process.kill(opa, 'SIGKILL');
    await eventually(async () => expect(await revision(keeper)).toBe('r-1'));
    // And another change does not wait for the next try of the bad one.
    keeper.give(next);
    await eventually(async () => expect(await revision(keeper)).toBe('r-2'), { timeoutMs: 20_000 });
    expect(await keeper.metric('behavry_opa_keeper_configuration_pending')).toBe(0);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends with all that it started on %s', async (signal) => {
    const keeper = await deciding();
    keeper.give(server.configuration('r-1', nextKey));
    await eventually(() => expect(keeper.opas()).toHaveLength(2));
    const opas = keeper.opas();
    const startedAt = performance.now();
    expect(await keeper.signal(signal)).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(opas.filter(isAlive)).toEqual([]);
  });

  it('ends at once while it waits', async () => {
    const keeper = await RunningKeeper.start();
    expect(await keeper.signal('SIGTERM')).toBe(0);
  });

  it('ends what a killed keeper has left before it starts its own', async () => {
    const killed = await deciding();
    const left = killed.opas();
    await killed.signal('SIGKILL');
    expect(left.map(isAlive)).toEqual([true]);
    const keeper = await RunningKeeper.start({}, killed.folder);
    await keeper.ready();
    expect(left.map(isAlive)).toEqual([false]);
    expect(await revision(keeper)).toBe('r-1');
  });
});
