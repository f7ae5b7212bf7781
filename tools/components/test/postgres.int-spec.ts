import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { canConnect, databaseUrl, ensureDatabase, isRunning, PostgresComponent, ProcessLedger } from '../src';

const ROOT = join(__dirname, '..', '..', '..');
const servers: PostgresComponent[] = [];
let folder = '';

function server(
  at = folder,
  more: { isReset?: boolean; say?: (line: string) => void } = {},
): PostgresComponent {
  const made = new PostgresComponent({
    root: ROOT,
    folder: join(at, 'postgres'),
    logFile: join(folder, 'postgres.log'),
    ledger: new ProcessLedger(join(folder, `ledger-${servers.length}.json`)),
    isThrowaway: true,
    ...more,
  });
  servers.push(made);
  return made;
}

async function rowCount(url: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl(url, 'kept') });
  await client.connect();
  const { rows } = await client.query<{ n: number }>('SELECT count(*)::int AS n FROM t');
  await client.end();
  return rows[0]?.n ?? -1;
}

async function makeRow(url: string): Promise<void> {
  await ensureDatabase(url, 'kept');
  const client = new Client({ connectionString: databaseUrl(url, 'kept') });
  await client.connect();
  await client.query('CREATE TABLE t (a int); INSERT INTO t VALUES (1)');
  await client.end();
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
});

afterEach(async () => {
  for (const one of servers.splice(0)) await one.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('PostgreSQL of our own', () => {
  it('keeps its data, port and password from start to start, and nothing after a reset', async () => {
    const first = server();
    await first.start();
    await makeRow(first.url);
    await first.stop();
    const second = server();
    await second.start();
    expect(second.url).toBe(first.url);
    expect(await rowCount(second.url)).toBe(1);
    await second.stop();
    const reset = server(folder, { isReset: true });
    await reset.start();
    await expect(rowCount(reset.url)).rejects.toThrow(/does not exist/u);
  }, 60_000);

  it('refuses whoever has no password', async () => {
    const one = server();
    await one.start();
    const url = new URL(one.url);
    url.password = 'wrong';
    expect(await canConnect(`${url.toString()}/postgres`)).toBe(false);
    expect(await canConnect(`${one.url}/postgres`)).toBe(true);
  }, 60_000);

  it('ends a server that a killed run left on its data, and keeps what it had committed', async () => {
    const left = server();
    await left.start();
    await makeRow(left.url);
    const pid = left.pid ?? 0;
    const said: string[] = [];
    const next = server(folder, { say: (line) => said.push(line) });
    const started = next.start();
    // The one that was left has a supervisor in this test; it must not come back.
    void left.stop();
    await started;
    expect(isRunning(pid)).toBe(false);
    expect(said).toEqual(['ended a PostgreSQL that an earlier run had left']);
    expect(await rowCount(next.url)).toBe(1);
  }, 60_000);

  const asRoot = process.getuid?.() === 0 ? it : it.skip;
  asRoot(
    'moves its data outside a private folder, which its user could not enter, and says so',
    async () => {
      const secluded = join(folder, 'home');
      const said: string[] = [];
      const one = server(join(secluded, 'project'), { say: (line) => said.push(line) });
      const two = server(folder);
      await two.start();
      chmodSync(folder, 0o755);
      mkdirSync(secluded, { mode: 0o700 });
      await one.start();
      expect(await canConnect(`${one.url}/postgres`)).toBe(true);
      const outside = /its data is kept in (\S+)$/u.exec(said[0] ?? '')?.[1] ?? '';
      expect(dirname(outside)).toBe('/var/tmp');
      await one.stop();
      rmSync(outside, { recursive: true });
    },
    60_000,
  );
});
