import { setTimeout as pause } from 'node:timers/promises';
import * as pg from 'pg';
import type { Logger } from '../logging/logger';
import type { PlaneKeys } from '../keys/plane-keys';
import { databaseLogin } from './database-address';

/** What {@link noteMigrated} writes to; part of the platform's own tables. */
export const MIGRATED_TABLE = `CREATE TABLE IF NOT EXISTS plane.migrated (
     version text CONSTRAINT migrated_pk PRIMARY KEY,
     at timestamptz NOT NULL DEFAULT now())`;

const CONNECT_MS = 5_000;
const SAY_EVERY_MS = 30_000;

/** Notes, at the end of a migration job, that the database is fit for a version and for those before it. */
export async function noteMigrated(ownerUrl: string, version: string): Promise<void> {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await owner.query('INSERT INTO plane.migrated (version) VALUES ($1) ON CONFLICT DO NOTHING', [version]);
  } finally {
    await owner.end();
  }
}

export interface MigrationWait {
  readonly dbUrl: string;
  readonly keys: PlaneKeys;
  readonly version: string;
  readonly log: Pick<Logger, 'info'>;
  /** Between two looks. */
  readonly pauseMs: number;
}

/**
 * Waits until the migration job of a version has ended well: for schedulers that know no order, where a pod starts
 * before its database or its job. Never gives up, for whoever looks at the waiting pod reads the reason in its log.
 */
export async function awaitMigration({ dbUrl, keys, version, log, pauseMs }: MigrationWait): Promise<void> {
  let saidAt = -Infinity;
  for (;;) {
    const missing = await whatIsMissing(dbUrl, keys, version);
    if (missing === undefined) return;
    if (performance.now() - saidAt >= SAY_EVERY_MS) {
      log.info({ reason: missing, version }, 'waiting for the migration of this version');
      saidAt = performance.now();
    }
    await pause(pauseMs);
  }
}

async function whatIsMissing(dbUrl: string, keys: PlaneKeys, version: string): Promise<string | undefined> {
  const client = new pg.Client({
    ...databaseLogin(dbUrl, 'app', keys),
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: CONNECT_MS,
  });
  // A connection that breaks between two questions also says so here; the question fails and tells it.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rowCount } = await client.query('SELECT 1 FROM plane.migrated WHERE version = $1', [version]);
    return rowCount === 1 ? undefined : 'not migrated to this version yet';
  } catch (error) {
    return error instanceof Error ? error.message : 'no connection';
  } finally {
    await client.end().catch(() => undefined);
  }
}
