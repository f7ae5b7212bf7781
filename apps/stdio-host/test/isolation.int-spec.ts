import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { PlaneKeys } from '@behavry/platform';
import {
  describeWithOpa,
  eventually,
  startTestOpa,
  startTestStdioHost,
  tempDir,
  type TestOpa,
  type TestStdioHost,
} from '@behavry/testing';
import { PROBE_COMMAND, probe, startRequest, type ProbeConnection } from './probe';

// Only root can give servers users of their own; elsewhere these promises are not made (README).
const describeAsRoot = process.getuid?.() === 0 ? describe : describe.skip;

describeAsRoot('a server under a user of its own', () => {
  let host: TestStdioHost;
  let server: ProbeConnection;
  const plane = tempDir('plane-');
  const secrets = join(plane, 'secrets');
  const spool = join(plane, 'spool');

  beforeAll(async () => {
    PlaneKeys.readOrMake(join(secrets, 'plane.key'));
    mkdirSync(spool, { mode: 0o700 });
    writeFileSync(join(spool, 'segment'), 'a record', { mode: 0o644 });
    host = await startTestStdioHost({
      commands: [PROBE_COMMAND],
      env: { BEHAVRY_SECRET_X: 'value-of-x', BEHAVRY_SECRET_X_SERVERS: 'probe' },
    });
    mkdirSync(join(host.secretsDir, 'probe'));
    writeFileSync(join(host.secretsDir, 'probe', 'key'), 'value', { mode: 0o644 });
    server = await probe(host.socket);
  }, 60_000);
  afterAll(async () => {
    await server.end();
    await host.stop();
  });

  it('has one user, one group and no other', async () => {
    const { uid, gid, groups } = (await server.ask('self')) as { uid: number; gid: number; groups: number[] };
    expect([uid, gid, groups]).toEqual([host.uidBase, host.uidBase, [host.uidBase]]);
  });

  it('has the same user each time, and another server another', async () => {
    const uidOf = async (id: string): Promise<unknown> => {
      const one = await probe(host.socket, startRequest({ server_id: id }));
      const self = (await one.ask('self')) as { uid: number };
      await one.end();
      return self.uid;
    };
    expect([
      await uidOf('probe'),
      await uidOf('second'),
      await uidOf('second'),
      await uidOf('third'),
    ]).toEqual([host.uidBase, host.uidBase + 1, host.uidBase + 1, host.uidBase + 2]);
  });

  it.each([
    ['the plane key', () => join(secrets, 'plane.key')],
    ['the spool', () => join(spool, 'segment')],
    ['its own secrets as files', () => join(host.secretsDir, 'probe', 'key')],
    ["the proxy's environment", () => `/proc/${String(process.pid)}/environ`],
    ["the host's environment", () => `/proc/${String(host.pid)}/environ`],
    ["the host's memory", () => `/proc/${String(host.pid)}/mem`],
  ])('cannot read %s', async (_what, path) => {
    expect(await server.ask('read', { path: path() })).toBe('EACCES');
  });

  it("cannot enter another server's home, nor see which there are", async () => {
    const other = await probe(host.socket, startRequest({ server_id: 'second' }));
    const { cwd } = (await other.ask('self')) as { cwd: string };
    expect(await server.ask('list', { path: cwd })).toBe('EACCES');
    expect(await server.ask('list', { path: join(cwd, '..') })).toBe('EACCES');
    expect(await server.ask('write', { path: join(cwd, '..', 'x') })).toBe('EACCES');
    await other.end();
  });

  it('cannot ask the host to start something', async () => {
    expect(await server.ask('connect', { path: host.socket })).toBe('EACCES');
  });

  it('cannot reach a socket that only the plane may open', async () => {
    const path = join(plane, 'redis.sock');
    const mask = process.umask(0o177);
    const socket: Server = createServer().listen(path);
    process.umask(mask);
    await eventually(() => expect(socket.listening).toBe(true));
    expect(await server.ask('connect', { path })).toBe('EACCES');
    socket.close();
  });

  describeWithOpa('beside OPA', () => {
    let opa: TestOpa;
    beforeAll(async () => {
      opa = await startTestOpa();
    }, 60_000);
    afterAll(() => opa.stop());

    it('cannot ask it', async () => {
      expect(await server.ask('connect', { path: opa.socket })).toBe('EACCES');
    });
  });

  it('leaves nothing running under its user, even what left its process group', async () => {
    const one = await probe(host.socket, startRequest({ server_id: 'leaver' }));
    const [, escaped] = (await one.ask('children')) as number[];
    await one.end();
    await eventually(() => {
      expect(() => process.kill(escaped ?? 0, 0)).toThrow('ESRCH');
    });
  });

  it('is not started when its secrets lie open', async () => {
    const folder = tempDir('stdio-');
    mkdirSync(join(folder, 'open'), { mode: 0o755 });
    const env = { BEHAVRY_STDIO_SECRETS_DIR: join(folder, 'open') };
    const own = await startTestStdioHost({ commands: [PROBE_COMMAND], folder, env });
    await expect(probe(own.socket)).rejects.toThrow(/chmod 0700/);
    await own.stop();
  }, 30_000);
});

describeAsRoot('a host that is not root', () => {
  it('starts nothing unless told that one user is enough', async () => {
    const { uid, folder } = { uid: 310_000 + process.pid, folder: tempDir('stdio-') };
    const own = await startTestStdioHost({ commands: [PROBE_COMMAND], folder, uid });
    await expect(probe(own.socket)).rejects.toThrow(/BEHAVRY_STDIO_SAME_UID=true/);
    await eventually(() => {
      expect(own.log()).toMatch(/no server will be started/);
    });
    await own.stop();
    const told = await startTestStdioHost({
      commands: [PROBE_COMMAND],
      folder: tempDir('stdio-'),
      uid,
      env: { BEHAVRY_STDIO_SAME_UID: 'true' },
    });
    const server = await probe(told.socket);
    expect(await server.ask('self')).toMatchObject({ uid });
    await eventually(() => {
      expect(told.log()).toMatch(/servers run under the user of stdio-host/);
    });
    await server.end();
    await told.stop();
  }, 40_000);
});
