import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@behavry/testing';
import { StdioUpstream, type StdioUpstreamOptions } from './stdio-upstream';
import type { UpstreamAnswer, UpstreamEvent } from './upstream-session';

// Answers `env` with its environment, `two` after a message of its own, never answers `hang`, dies at `die`.
const SERVER = `
const { spawn } = require('node:child_process');
const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
if (process.env.PID_FILE) {
  const child = spawn('sleep', ['600']);
  require('node:fs').writeFileSync(process.env.PID_FILE, process.pid + ' ' + child.pid);
}
console.log('a banner that is no message');
require('node:readline').createInterface(process.stdin).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (method === 'env') say({ id, result: process.env });
  if (method === 'two') { say({ method: 'notifications/progress', params: {} }); say({ id, result: 2 }); }
  if (method === 'large') process.stdout.write('x'.repeat(200000));
  if (method === 'die') process.exit(3);
  if (method === 'notifications/cancelled') say({ method: 'notifications/saw-cancel', params });
});
`;

const start = (changes: Partial<StdioUpstreamOptions> = {}): StdioUpstream =>
  new StdioUpstream({
    command: process.execPath,
    args: ['-e', SERVER],
    env: { PATH: '/usr/bin:/bin', GIVEN: 'yes' },
    timeoutMs: 5_000,
    maxBytes: 100_000,
    onExit: () => undefined,
    ...changes,
  });
const send = (
  upstream: StdioUpstream,
  message: object,
  signal = new AbortController().signal,
): Promise<UpstreamAnswer> =>
  upstream.send(JSON.stringify({ jsonrpc: '2.0', ...message }), {
    signal,
    protocolVersion: undefined,
    trace: {},
  });

async function events(answer: UpstreamAnswer): Promise<UpstreamEvent[]> {
  if (answer.kind !== 'events') throw new Error(answer.kind);
  const all: UpstreamEvent[] = [];
  for await (const event of answer.events) all.push(event);
  return all;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // A process that ended and was not yet reaped is gone for our purpose.
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

describe('a server that is a process', () => {
  it('gets the environment it was given and nothing of ours', async () => {
    process.env['BEHAVRY_CANARY'] = 'leak';
    const upstream = start();
    const [answer] = await events(await send(upstream, { id: 1, method: 'env' }));
    delete process.env['BEHAVRY_CANARY'];
    expect(JSON.parse(answer?.text ?? '')).toMatchObject({ id: 1, result: { GIVEN: 'yes' } });
    expect(answer?.text).not.toContain('leak');
    await upstream.close();
  });

  it('answers in order, its own messages first, and many at once', async () => {
    const upstream = start();
    expect(
      (await events(await send(upstream, { id: 'a', method: 'two' }))).map(
        ({ text }) => JSON.parse(text) as object,
      ),
    ).toMatchObject([{ method: 'notifications/progress' }, { id: 'a', result: 2 }]);
    const answers = await Promise.all(
      [1, '1', 2].map(async (id) => events(await send(upstream, { id, method: 'env' }))),
    );
    expect(answers.map(([one]) => (JSON.parse(one?.text ?? '') as { id: unknown }).id)).toEqual([1, '1', 2]);
    await upstream.close();
  });

  it('ends with its session, and its own children with it', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'stdio-')), 'pids');
    const upstream = start({ env: { PATH: '/usr/bin:/bin', PID_FILE: file } });
    const pids = await eventually(() => {
      const read = readFileSync(file, 'utf8').split(' ').map(Number);
      expect(read).toHaveLength(2);
      return read;
    });
    await upstream.close();
    await eventually(() => {
      expect(pids.filter(isAlive)).toEqual([]);
    });
    expect(await send(upstream, { id: 1, method: 'env' })).toEqual({ kind: 'session_lost' });
  });

  it('hears that a call was given up', async () => {
    const upstream = start();
    const listening = await upstream.listen(undefined, {
      signal: new AbortController().signal,
      protocolVersion: undefined,
      trace: {},
    });
    const abort = new AbortController();
    const answer = await send(upstream, { id: 9, method: 'hang' }, abort.signal);
    const reading = events(answer);
    abort.abort();
    expect(await reading).toEqual([]);
    if (listening.kind !== 'events') throw new Error('no stream');
    const { value } = (await listening.events[Symbol.asyncIterator]().next()) as { value: UpstreamEvent };
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
    const upstream = start(changes);
    await expect(send(upstream, { id: 1, method }).then(events)).rejects.toThrow();
    await upstream.close();
  });

  it('that does not exist is a lost session, not a crash', async () => {
    const upstream = start({ command: '/nowhere/at-all' });
    await eventually(async () => {
      expect(await send(upstream, { id: 1, method: 'env' })).toEqual({ kind: 'session_lost' });
    });
    await upstream.close();
  });
});
