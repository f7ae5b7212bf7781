import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AddressGuard, UpstreamSecrets } from '@behavry/platform';
import { eventually, startTestStdioHost, stdioServer, tempDir, type TestStdioHost } from '@behavry/testing';
import type { EventQueue } from '../src/upstream/event-queue';
import { MAX_HELD } from '../src/upstream/stdio-upstream';
import { UpstreamFactory, type UpstreamFactoryOptions } from '../src/upstream/upstream-factory';
import type {
  SendOptions,
  UpstreamAnswer,
  UpstreamEvent,
  UpstreamSession,
} from '../src/upstream/upstream-session';

// Answers `env` with its environment, `two` after a message of its own, never answers `hang`, dies at `die`.
const SERVER = `
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
console.log('a banner that is no message');
require('node:readline').createInterface(process.stdin).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'env') say({ id, result: process.env });
  if (method === 'two') { say({ method: 'notifications/progress', params: {} }); say({ id, result: 2 }); }
  if (method === 'large') process.stdout.write('x'.repeat(200000));
  if (method === 'die') process.exit(3);
  if (method === 'deaf') { process.stdin.pause(); setInterval(() => undefined, 1000); }
  if (method === 'notifications/cancelled') say({ method: 'notifications/saw-cancel', params });
  if (method === 'notifications/flood') flood(params.megabytes);
  if (method === 'flooded') whenDone = () => say({ id, result: written });
  if (method === 'flooded' && written >= wanted) whenDone();
});
let written = 0;
let wanted = Infinity;
let whenDone = () => undefined;
const CHUNK = { method: 'notifications/message', params: { data: 'x'.repeat(60000) } };
const flood = (megabytes) => {
  wanted = megabytes * 1e6;
  while (written < wanted) {
    written += 60000;
    if (!process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...CHUNK }) + '\\n')) {
      process.stdout.once('drain', () => flood(megabytes));
      return;
    }
  }
  whenDone();
};
`;
const SCRIPT = join(tempDir('stdio-server-'), 'server.cjs');
writeFileSync(SCRIPT, SERVER, { mode: 0o644 });

let host: TestStdioHost;
let ended: string[];

beforeAll(async () => {
  host = await startTestStdioHost({
    commands: [{ command: process.execPath, args: [SCRIPT], env: ['GIVEN', 'TOKEN'] }],
    env: { BEHAVRY_CANARY: 'leak' },
  });
  mkdirSync(join(host.secretsDir, 'local'));
  writeFileSync(join(host.secretsDir, 'local', 'token'), 'a-secret\n');
}, 60_000);
afterAll(() => host.stop());
beforeEach(() => {
  ended = [];
});

const factory = (changes: Partial<UpstreamFactoryOptions> = {}): UpstreamFactory =>
  new UpstreamFactory({
    secrets: new UpstreamSecrets({}, '/nowhere'),
    guard: new AddressGuard({ allowed: [], ownPorts: [] }),
    stdioSocket: host.socket,
    timeoutMs: 5_000,
    maxBytes: 100_000,
    onEnd: (server) => ended.push(server),
    onRefused: () => undefined,
    ...changes,
  });
const start = (changes: Partial<UpstreamFactoryOptions> = {}): Promise<UpstreamSession> =>
  factory(changes).open(stdioServer('local', process.execPath, [SCRIPT]));
const options = (requestId?: number, signal = new AbortController().signal): SendOptions => ({
  signal,
  requestId,
  protocolVersion: undefined,
  trace: {},
});
const ask = (
  upstream: UpstreamSession,
  id: number,
  method: string,
  signal?: AbortSignal,
): Promise<UpstreamAnswer> =>
  upstream.send(JSON.stringify({ jsonrpc: '2.0', id, method }), options(id, signal));
const tell = (upstream: UpstreamSession, method: string, params: object): Promise<UpstreamAnswer> =>
  upstream.send(JSON.stringify({ jsonrpc: '2.0', method, params }), options());

function stream(answer: UpstreamAnswer): AsyncIterable<UpstreamEvent> {
  if (answer.kind !== 'events') throw new Error(answer.kind);
  return answer.events;
}
async function events(answer: UpstreamAnswer): Promise<UpstreamEvent[]> {
  const all: UpstreamEvent[] = [];
  for await (const event of stream(answer)) all.push(event);
  return all;
}
async function result(upstream: UpstreamSession, id: number, method: string): Promise<unknown> {
  let last = '{}';
  for await (const { text } of stream(await ask(upstream, id, method))) last = text;
  return (JSON.parse(last) as { result?: unknown }).result;
}

describe('a server that is a process', () => {
  it('gets the environment of its entry with its secrets, and nothing of ours', async () => {
    const env = { GIVEN: 'yes', TOKEN: 'file:token' };
    const upstream = await factory().open(stdioServer('local', process.execPath, [SCRIPT], { env }));
    const seen = await result(upstream, 1, 'env');
    expect(seen).toMatchObject({ GIVEN: 'yes', TOKEN: 'a-secret' });
    expect(JSON.stringify(seen)).not.toMatch(/leak|BEHAVRY/);
    await upstream.close();
    expect(ended).toEqual(['local']);
  });

  it('answers in order, its own messages first, and many at once', async () => {
    const upstream = await start();
    const said = await events(await ask(upstream, 7, 'two'));
    expect(said.map(({ text }) => JSON.parse(text) as object)).toMatchObject([
      { method: 'notifications/progress' },
      { id: 7, result: 2 },
    ]);
    const answers = await Promise.all([1, 2, 3].map(async (id) => events(await ask(upstream, id, 'env'))));
    expect(answers.map(([one]) => (JSON.parse(one?.text ?? '') as { id: unknown }).id)).toEqual([1, 2, 3]);
    await upstream.close();
    expect(await ask(upstream, 4, 'env')).toEqual({ kind: 'session_lost' });
  });

  it('hears that a call was given up', async () => {
    const upstream = await start();
    const listening = stream(await upstream.listen(undefined, options()));
    const abort = new AbortController();
    const reading = events(await ask(upstream, 9, 'hang', abort.signal));
    abort.abort();
    expect(await reading).toEqual([]);
    const { value } = (await listening[Symbol.asyncIterator]().next()) as { value: UpstreamEvent };
    expect(JSON.parse(value.text)).toMatchObject({
      method: 'notifications/saw-cancel',
      params: { requestId: 9 },
    });
    await upstream.close();
  });

  it.each([
    ['dies', 'die', {}],
    ['sends a line without end', 'large', {}],
    ['is silent', 'hang', { timeoutMs: 50 }],
  ])('that %s fails the call', async (_what, method, changes) => {
    const upstream = await start(changes);
    await expect(ask(upstream, 1, method).then(events)).rejects.toThrow();
    await upstream.close();
  });

  it('that takes nothing more is sent nothing more', async () => {
    const upstream = await start();
    await ask(upstream, 1, 'deaf');
    await eventually(async () => {
      const params = { data: 'x'.repeat(60_000) };
      expect(await tell(upstream, 'notifications/x', params)).toEqual({
        kind: 'failed',
        fault: 'upstream_error',
      });
    });
    await upstream.close();
  });

  it.each([
    ['a command that is not listed', stdioServer('local', '/bin/sh', ['-c', 'id']), /not on the list/],
    ['other arguments', stdioServer('local', process.execPath, ['-e', '0']), /arguments/],
    [
      'code in NODE_OPTIONS',
      stdioServer('local', process.execPath, [SCRIPT], {
        env: { NODE_OPTIONS: '--import=data:text/javascript,0' },
      }),
      /NODE_OPTIONS/,
    ],
  ])('is not started with %s, whatever a signed document says', async (_what, server, sentence) => {
    await expect(factory().open(server)).rejects.toThrow(sentence);
  });

  it('needs a stdio-host, and says so', async () => {
    await expect(start({ stdioSocket: undefined })).rejects.toThrow(/BEHAVRY_STDIO_SOCKET/);
    await expect(start({ stdioSocket: '/nowhere/stdio.sock' })).rejects.toThrow(/is it running/);
  });
});

describe('a server that says more than is read', () => {
  const MEGABYTES = 60;
  const FEW = 16 * 1024 * 1024;

  /** Memory in use that grew while something ran, at its highest. */
  async function growth(work: () => Promise<void>): Promise<number> {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const used = (): number => {
      collect();
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    };
    const before = used();
    let highest = before;
    const watch = setInterval(() => (highest = Math.max(highest, used())), 1_000);
    try {
      await work();
    } finally {
      clearInterval(watch);
    }
    return highest - before;
  }

  it('costs little when its listener never reads, and calls go on', async () => {
    const upstream = await start({ timeoutMs: 20_000 });
    const grown = await growth(async () => {
      const listening = stream(await upstream.listen(undefined, options())) as EventQueue;
      await tell(upstream, 'notifications/flood', { megabytes: MEGABYTES });
      await eventually(() => {
        expect(listening.held).toBeGreaterThan(MAX_HELD);
      });
      // The stream that nobody reads is let go, and then everything is taken from the server.
      expect(await result(upstream, 1, 'flooded')).toBeGreaterThanOrEqual(MEGABYTES * 1e6);
      await expect(listening.next()).rejects.toThrow(/not read/);
    });
    expect(grown).toBeLessThan(FEW);
    await upstream.close();
  }, 90_000);

  it('costs little when nobody listens', async () => {
    const upstream = await start();
    const grown = await growth(async () => {
      await tell(upstream, 'notifications/flood', { megabytes: MEGABYTES });
      expect(await result(upstream, 1, 'flooded')).toBeGreaterThanOrEqual(MEGABYTES * 1e6);
    });
    expect(grown).toBeLessThan(FEW);
    await upstream.close();
  }, 90_000);

  it('waits for a slow reader, who gets everything', async () => {
    const upstream = await start();
    const listening = stream(await upstream.listen(undefined, options()));
    await tell(upstream, 'notifications/flood', { megabytes: 6 });
    let count = 0;
    for await (const { text } of listening) {
      expect(text.length).toBeGreaterThan(60_000);
      count += 1;
      if (count === 100) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(count).toBe(100);
    await upstream.close();
  }, 90_000);
});
