import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { databaseUrl, dropDatabase, ensureDatabase, freePort, PostgresComponent } from '@behavry/components';
import { testHome } from './test-ledger';
import { workspaceRoot } from './workspace-root';

/** A real PostgreSQL for tests. */
export interface TestPostgres {
  /** URL of a role that may create databases and roles. */
  readonly url: string;
  /** Makes an empty database. @returns its owner's URL */
  createDatabase(name?: string): Promise<string>;
  /** Removes the databases made here, and the server when it was started here. */
  stop(): Promise<void>;
}

/**
 * Uses the server of `BEHAVRY_TEST_DB_URL` (or `BEHAVRY_DB_URL`), else starts one.
 * @throws ComponentError when there is none to be had
 */
export async function startTestPostgres(): Promise<TestPostgres> {
  const given = process.env['BEHAVRY_TEST_DB_URL'] ?? process.env['BEHAVRY_DB_URL'];
  const own = given === undefined ? await startOwn() : undefined;
  const server = own?.url ?? given ?? '';
  // Named, because a login's own database need not exist.
  const url = new URL(server).pathname.length > 1 ? server : databaseUrl(server, 'postgres');
  const made: string[] = [];
  return {
    url,
    async createDatabase(name = `test_${randomBytes(6).toString('hex')}`) {
      await ensureDatabase(url, name);
      made.push(name);
      return databaseUrl(url, name);
    },
    async stop() {
      if (own) return own.stop();
      for (const name of made) await dropDatabase(url, name);
    },
  };
}

async function startOwn(): Promise<PostgresComponent> {
  const { folder, ledger } = await testHome();
  const place = join(folder, `pg-${await freePort()}`);
  const server = new PostgresComponent({
    root: workspaceRoot(),
    folder: place,
    logFile: join(folder, 'postgres.log'),
    ledger,
    isThrowaway: true,
  });
  await server.start();
  return server;
}
