import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { eventually, startTestStdioHost, tempDir, type TestStdioHost } from '@behavry/testing';
import { PROBE, PROBE_COMMAND, probe, ProbeConnection, startRequest } from './probe';

let host: TestStdioHost;
const COMMANDS = [
  { ...PROBE_COMMAND, env: ['API_TOKEN', 'PLAIN'], servers: ['probe', 'other'] },
  { command: process.execPath, args: [PROBE, { pattern: '/srv/[a-z]+' }] },
  { command: '/nowhere/at-all' },
];

beforeAll(async () => {
  host = await startTestStdioHost({
    commands: COMMANDS,
    env: {
      BEHAVRY_SECRET_TOKEN: 'value-of-token',
      BEHAVRY_SECRET_TOKEN_SERVERS: 'probe',
      BEHAVRY_SECRET_OPENAI_KEY: 'sk-plane',
      BEHAVRY_SECRET_OPENAI_KEY_SERVERS: 'probe',
      BEHAVRY_CANARY: 'canary',
    },
  });
  mkdirSync(join(host.secretsDir, 'probe'));
  writeFileSync(join(host.secretsDir, 'probe', 'key'), 'value-of-key\n');
  writeFileSync(join(host.secretsDir, 'plane.key'), 'the plane key');
}, 60_000);
afterAll(async () => {
  await host.stop();
});

const refusalOf = async (changes: Parameters<typeof startRequest>[0] | string): Promise<unknown> => {
  const request = typeof changes === 'string' ? changes : startRequest(changes);
  const opened = await ProbeConnection.open(host.socket, request);
  if (typeof opened === 'string') return opened;
  await opened.end();
  return 'started';
};

describe('what stdio-host starts', () => {
  it('runs a listed command with its arguments, variables and secrets', async () => {
    const env = { API_TOKEN: 'env:BEHAVRY_SECRET_TOKEN', PLAIN: 'file:key' };
    const server = await probe(host.socket, startRequest({ env }));
    const seen = (await server.ask('env')) as Record<string, string>;
    expect(seen).toMatchObject({ API_TOKEN: 'value-of-token', PLAIN: 'value-of-key', LANG: 'C.UTF-8' });
    expect(Object.keys(seen).sort()).toEqual(['API_TOKEN', 'HOME', 'LANG', 'PATH', 'PLAIN', 'TMPDIR']);
    expect(seen['HOME']).toBe(join(host.folder, 'homes', 'probe'));
    expect(await server.ask('self')).toMatchObject({ cwd: seen['HOME'] });
    expect(await server.ask('write', { path: join(seen['TMPDIR'] ?? '', 'x') })).toBe('written');
    await server.end();
    const free = await probe(host.socket, startRequest({ args: [PROBE, '/srv/docs'] }));
    expect(await free.ask('args')).toEqual(['/srv/docs']);
    await free.end();
  });

  it.each([
    ['a command that is not listed', { command: '/bin/sh', args: ['-c', 'id'] }, /not on the list/],
    ['an interpreter with code', { args: ['-e', 'process.exit()'] }, /arguments/],
    ['an interpreter alone', { args: [] }, /arguments/],
    ['another argument', { args: [PROBE, '/srv/../etc'] }, /arguments/],
    ['code in NODE_OPTIONS', { env: { NODE_OPTIONS: '--import=data:text/javascript,0' } }, /NODE_OPTIONS/],
    ['a preloaded library', { env: { LD_PRELOAD: '/tmp/x.so' } }, /LD_PRELOAD/],
    ['another search path', { env: { PATH: '/tmp' } }, /PATH/],
    ['another server', { server_id: 'third' }, /server third/],
    [
      "another server's secret",
      { server_id: 'other', env: { PLAIN: 'env:BEHAVRY_SECRET_TOKEN' } },
      /is not for server other/,
    ],
    ["another server's file", { server_id: 'other', env: { PLAIN: 'file:key' } }, /leads nowhere/],
    ["a provider's key", { env: { PLAIN: 'env:BEHAVRY_SECRET_OPENAI_KEY' } }, /provider/],
    ['the plane key', { env: { PLAIN: 'file:plane.key' } }, /leads nowhere/],
    ['the plane key by a path', { env: { PLAIN: 'file:../plane.key' } }, /leads nowhere/],
    ['an id that is a path', { server_id: '../x', args: [PROBE, '/srv/docs'] }, /id of a server/],
    ['a command that is not there', { command: '/nowhere/at-all', args: [] }, /ENOENT/],
    ['an argument with a NUL', { args: [`${PROBE}\0`] }, /names no server/],
  ])('refuses %s', async (_what, changes, sentence) => {
    expect(await refusalOf(changes)).toMatch(sentence);
  });

  it('refuses what is no request', async () => {
    for (const text of [
      '',
      'GET / HTTP/1.1',
      '{"server_id":"probe"}',
      '{"server_id":"probe","server_id":"x"}',
    ])
      expect(await refusalOf(text)).toMatch(/names no server/);
  });

  it('writes no secret, argument or variable into its log', async () => {
    await refusalOf({ args: [PROBE, 'canary-argument'] });
    await refusalOf({ env: { PLAIN: 'canary-value', API_TOKEN: 'env:BEHAVRY_SECRET_TOKEN' } });
    // What is logged after all of it is there when all of it is.
    await refusalOf({ server_id: 'last' });
    await eventually(() => {
      expect(host.log()).toContain('of server last are not');
    });
    expect(host.log()).not.toMatch(/canary|value-of/);
  });
});

describe('the end of a server', () => {
  const alive = (pids: unknown): unknown[] =>
    (pids as number[]).filter((pid) => {
      try {
        return !/^State:\tZ/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
      } catch {
        return false;
      }
    });

  it('comes with the end of the connection, for its children too', async () => {
    const server = await probe(host.socket);
    const pids = await server.ask('children');
    expect(alive(pids)).toEqual(pids);
    await server.end();
    // Under a user of its own nothing survives; under the host's, what has left the group does.
    const others = process.getuid?.() === 0 ? (pids as number[]) : (pids as number[]).slice(0, 1);
    await eventually(() => {
      expect(alive(others)).toEqual([]);
    });
  });

  it('is enforced when it hears neither the end of its input nor SIGTERM', async () => {
    const server = await probe(host.socket);
    const pid = await server.ask('stubborn');
    server.socket.destroy();
    await eventually(() => {
      expect(alive([pid])).toEqual([]);
    });
  });

  it('is told by the end of the connection', async () => {
    const server = await probe(host.socket);
    expect(await server.ask('exit', { code: 3 })).toBeUndefined();
    await server.end();
    await eventually(() => {
      expect(host.log()).toMatch(/"code":3,"message":"a server process ended"/);
    });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'comes with the host that gets %s',
    async (signal) => {
      const folder = tempDir('stdio-');
      const own = await startTestStdioHost({ commands: COMMANDS, folder });
      const server = await probe(own.socket);
      const pid = await server
        .ask(signal === 'SIGTERM' ? 'stubborn' : 'self')
        .then((said) =>
          signal === 'SIGTERM' ? said : server.ask('children').then((pids) => (pids as number[])[1]),
        );
      expect(alive([pid])).toEqual([pid]);
      await own.stop(signal);
      if (signal === 'SIGKILL' && process.getuid?.() === 0) {
        // What had no chance to be ended is ended by the next host.
        await (await startTestStdioHost({ commands: COMMANDS, folder })).stop();
        await eventually(() => {
          expect(alive([pid])).toEqual([]);
        });
      } else if (signal === 'SIGTERM') expect(alive([pid])).toEqual([]);
    },
    30_000,
  );
});

it('stops with nothing left of what ran and of what was just being started', async () => {
  // Neither the end of its input nor that of the host ends it.
  const sleep = { command: '/bin/sleep', args: ['600'], env: ['PLAIN'] };
  const own = await startTestStdioHost({ commands: [sleep] });
  const running = (): unknown[] =>
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => {
        try {
          return readlinkSync(`/proc/${pid}/cwd`).startsWith(own.folder);
        } catch {
          return false;
        }
      });
  const request = startRequest({ command: sleep.command, args: sleep.args });
  try {
    await Promise.all([probe(own.socket, request), probe(own.socket, request)]);
    expect(running()).toHaveLength(2);
    // A third one whose secret comes slowly.
    mkdirSync(join(own.secretsDir, 'probe'));
    const secret = join(own.secretsDir, 'probe', 'slow');
    execFileSync('mkfifo', ['-m', '600', secret]);
    const third = ProbeConnection.open(own.socket, { ...request, env: { PLAIN: 'file:slow' } }).catch(String);
    const writer = await eventually(() => openSync(secret, constants.O_WRONLY | constants.O_NONBLOCK));
    const stopped = own.stop('SIGTERM');
    await eventually(() => {
      expect(own.log()).toContain('"message":"stopping"');
    });
    writeSync(writer, 'value');
    closeSync(writer);
    await stopped;
    expect(running()).toEqual([]);
    expect(await third).toEqual(expect.any(String));
  } finally {
    await own.stop();
    for (const pid of running()) process.kill(Number(pid), 'SIGKILL');
  }
}, 30_000);

it('as many processes run as may', async () => {
  const own = await startTestStdioHost({ commands: COMMANDS, env: { BEHAVRY_STDIO_MAX_PROCESSES: '2' } });
  try {
    const two = [await probe(own.socket), await probe(own.socket)];
    expect(await ProbeConnection.open(own.socket)).toMatch(/BEHAVRY_STDIO_MAX_PROCESSES/);
    await two[0]?.end();
    await eventually(async () => {
      await (await probe(own.socket)).end();
    });
    await two[1]?.end();
  } finally {
    await own.stop();
  }
}, 30_000);

it('says every fault of its configuration at once', async () => {
  const started = startTestStdioHost({
    commands: [{ command: 'node' }, { command: '/opt/x', env: ['LD_PRELOAD'] }],
    env: { BEHAVRY_STDIO_MAX_PROCESSES: 'many', BEHAVRY_STDIO_DIR: 'relative' },
  });
  const said = await started.catch((error: unknown) => (error as Error).message);
  expect(said).toMatch(/BEHAVRY_STDIO_MAX_PROCESSES/);
  expect(said).toMatch(/BEHAVRY_STDIO_DIR must be an absolute path/);
  expect(said).toMatch(/BEHAVRY_STDIO_COMMANDS entry 1: "command" must be an absolute path/);
  expect(said).toMatch(/BEHAVRY_STDIO_COMMANDS entry 2: LD_PRELOAD decides what code runs/);
});
