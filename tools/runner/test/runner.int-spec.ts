import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { freePortBlock, isRunning } from '@behavry/components';
import { appsOf } from '@behavry/contracts';
import { describeWithOpa, eventually, tempDir, workspaceRoot } from '@behavry/test-components';
import { StartedRunner } from './started-runner';
import { stubWorkspace } from './stub-workspace';

const started: StartedRunner[] = [];
let root = '';

/** A port with room for a whole plane above it. */
const roomForPlane = (): Promise<number> => freePortBlock(160);

function dataFolder(): string {
  const folder = tempDir('behavry-run-');
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
  return folder;
}

function start(
  dataDir: string,
  port: number,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): StartedRunner {
  const runner = new StartedRunner(root, dataDir, ['--no-demo', '--port', String(port), ...args], env);
  started.push(runner);
  return runner;
}

function pids(runner: StartedRunner): number[] {
  return runner.runFile.processes.map(({ pid }) => pid);
}

beforeAll(() => {
  execFileSync(process.execPath, [join(workspaceRoot(), 'tools/bin/lib/build-changed.mjs'), 'runner'], {
    cwd: workspaceRoot(),
  });
  root = stubWorkspace();
}, 120_000);

afterAll(async () => {
  for (const runner of started.filter(({ exitCode }) => exitCode === undefined)) await runner.stop();
});

describeWithOpa('npm start', () => {
  it('starts a plane, says where it is, stops all of it in time, and starts again with the same data', async () => {
    const dataDir = dataFolder();
    const port = await roomForPlane();
    const first = await start(dataDir, port).ready();
    expect(first.output).toMatch(new RegExp(`^READY http://127.0.0.1:${port}$`, 'mu'));
    expect(statSync(join(dataDir, 'run.json')).mode & 0o777).toBe(0o600);
    const { processes, planes, tenant_id, mode } = first.runFile;
    expect(mode).toBe('standalone');
    expect(planes.control?.url).toBe(planes.data?.url);
    const names = processes.map(({ app }) => app);
    expect(names).toEqual(
      expect.arrayContaining([...appsOf('standalone').map(({ name }) => name), 'edge', 'postgres']),
    );
    expect(processes.every(({ pid, plane }) => isRunning(pid) && plane === 'standalone')).toBe(true);
    const all = pids(first);

    const begun = performance.now();
    expect(await first.stop()).toBe(0);
    expect(performance.now() - begun).toBeLessThan(15_000);
    expect(all.filter(isRunning)).toEqual([]);
    expect(existsSync(join(dataDir, 'run.json'))).toBe(false);

    const second = await start(dataDir, port).ready();
    expect(second.runFile.tenant_id).toBe(tenant_id);
    expect(second.runFile.planes.control?.admin).toEqual(planes.control?.admin);
    expect(await second.stop('SIGINT')).toBe(0);
  }, 120_000);

  it('gives apps their own variables and nothing else of the environment', async () => {
    const port = await roomForPlane();
    const runner = await start(dataFolder(), port, [], {
      SOME_TOKEN: 'x',
      BEHAVRY_LOG_LEVEL: 'warn',
    }).ready();
    const { body } = await request(`http://127.0.0.1:${port}/api/v1/audit/events`);
    const env = (await body.json()) as Record<string, string>;
    expect(env).toMatchObject({
      BEHAVRY_DEPLOYMENT_MODE: 'standalone',
      BEHAVRY_LOG_LEVEL: 'warn',
      BEHAVRY_PORT: String(port + 22),
    });
    expect(env['SOME_TOKEN'] ?? env['BEHAVRY_ADMIN_PASSWORD']).toBeUndefined();
    expect(new URL(env['BEHAVRY_DB_URL'] ?? '').password).toBe('');
    await runner.stop();
  }, 90_000);

  it('starts an app and PostgreSQL again when they die, says so, and keeps run.json current', async () => {
    const runner = await start(dataFolder(), await roomForPlane()).ready();
    const of = (app: string): number =>
      runner.runFile.processes.find((process) => process.app === app)?.pid ?? 0;
    for (const app of ['audit-writer', 'postgres']) {
      const before = of(app);
      process.kill(before, 'SIGKILL');
      await eventually(() => expect(of(app)).not.toBe(before));
      expect(isRunning(of(app))).toBe(true);
      expect(runner.output).toContain(`standalone: ${app} was ended by SIGKILL; starting it again in 0.25 s`);
    }
    await runner.stop();
  }, 90_000);

  it('leaves processes behind when it is killed, and the next start ends them and works', async () => {
    const dataDir = dataFolder();
    const port = await roomForPlane();
    const killed = await start(dataDir, port).ready();
    const left = pids(killed);
    killed.kill('SIGKILL');
    await killed.ended();
    expect(left.filter(isRunning)).toEqual(left);
    const next = await start(dataDir, port).ready();
    expect(next.output).toContain('ended what an earlier run had left');
    expect(left.filter(isRunning)).toEqual([]);
    const all = pids(next);
    await next.stop();
    expect(all.filter(isRunning)).toEqual([]);
  }, 120_000);

  it('does not touch a process that only has the number of one it had started', async () => {
    const dataDir = dataFolder();
    const entry = { name: 'x', pid: process.pid, identity: 'another boot 1', stopSignal: 'SIGKILL' };
    writeFileSync(join(dataDir, 'processes.json'), JSON.stringify([entry]));
    const runner = await start(dataDir, await roomForPlane()).ready();
    expect(runner.output).not.toContain('earlier run');
    await runner.stop();
  }, 90_000);

  it('refuses a second runner on the same folder, and a port that is taken, and leaves nothing running', async () => {
    const dataDir = dataFolder();
    const port = await roomForPlane();
    const first = await start(dataDir, port).ready();
    const second = start(dataDir, await roomForPlane());
    expect(await second.ended()).toBe(1);
    expect(second.output).toMatch(/Another npm start \(pid \d+\) is running/u);
    const third = start(dataFolder(), port);
    expect(await third.ended()).toBe(1);
    expect(third.output).toMatch(new RegExp(`Port ${port} of 127.0.0.1 is in use`, 'u'));
    expect(isRunning(pids(first)[0] ?? 0)).toBe(true);
    await first.stop();
    const taken = createServer().listen(port + 22, '127.0.0.1');
    const fourth = start(dataDir, port);
    expect(await fourth.ended()).toBe(1);
    expect(fourth.output).toContain(`Port ${port + 22} of 127.0.0.1 is in use`);
    taken.close();
  }, 120_000);

  it.each([
    ['migrate', /the migration ended with code 1\.\ncould not start: the schema is broken/u],
    ['audit-writer', /audit-writer ended with code 2\.\nno configuration/u],
  ])(
    'says why when %s fails at the start, and leaves nothing running',
    async (fault, message) => {
      const dataDir = dataFolder();
      const runner = start(dataDir, await roomForPlane(), [], { BEHAVRY_STUB_FAULT: fault });
      expect(await runner.ended()).toBe(1);
      expect(runner.output).toMatch(message);
      expect(JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8'))).toEqual([]);
      expect(existsSync(join(dataDir, 'run.json'))).toBe(false);
    },
    90_000,
  );

  it('stops cleanly when asked before it is ready', async () => {
    const dataDir = dataFolder();
    const runner = start(dataDir, await roomForPlane());
    await eventually(() => expect(runner.output).toContain('migrating'), { timeoutMs: 30_000 });
    expect(await runner.stop()).toBe(0);
    expect(JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8'))).toEqual([]);
  }, 90_000);

  it('keeps a data plane up, not ready, while its control plane is away', async () => {
    const dataDir = dataFolder();
    const port = await roomForPlane();
    const env = {
      BEHAVRY_CONTROL_PLANE_URL: 'http://127.0.0.1:9',
      BEHAVRY_DATA_PLANE_TOKEN: `dp_${'x'.repeat(48)}`,
      BEHAVRY_LICENSE_KEY: 'lic_x',
      BEHAVRY_DEPLOYMENT_ID: 'dp-1',
      BEHAVRY_TENANT_ID: '0190a8f0-0000-7000-8000-000000000001',
    };
    const missing = start(dataFolder(), port, ['--mode', 'data-plane']);
    expect(await missing.ended()).toBe(1);
    expect(missing.output).toContain('A data plane needs a control plane');
    const runner = start(dataDir, port, ['--mode', 'data-plane'], env);
    await eventually(() => expect(existsSync(join(dataDir, 'data'))).toBe(true), { timeoutMs: 20_000 });
    writeFileSync(join(dataDir, 'data', 'unready'), '');
    await eventually(
      async () => {
        const { statusCode, body } = await request(`http://127.0.0.1:${port}/health/ready`);
        expect(await body.json()).toMatchObject({ code: 'plane_not_ready' });
        expect(statusCode).toBe(503);
      },
      { timeoutMs: 30_000 },
    );
    expect(runner.output).not.toContain('READY');
    writeFileSync(join(dataDir, 'data', 'unready.was'), '');
    execFileSync('rm', [join(dataDir, 'data', 'unready')]);
    await runner.ready();
    expect(runner.runFile.planes.data).toMatchObject({ deployment_id: 'dp-1' });
    await runner.stop();
  }, 120_000);
});
