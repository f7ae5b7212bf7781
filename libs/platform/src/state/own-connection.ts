import { Redis } from 'ioredis';
import { Pool } from 'pg';
import type { DatabaseLogin } from '../database/database-address';
import type { Logger } from '../logging/logger';

/** A connection that is asked and silent for so long is opened anew. */
const HANG_MS = 2_000;

/** @param what is kept there, for the log @returns a connection of its own, opened with the first question */
export function ownRedis(url: string, what: string, log: Logger): Redis {
  const client = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true, socketTimeout: HANG_MS });
  client.on('error', (error: Error) => {
    log.debug({ err: error }, `${what}: Redis connection failed`);
  });
  return client;
}

/** How a store of counts logs in. */
export type OwnLogin = DatabaseLogin & { readonly application_name?: string };

/**
 * @param max connections
 * @param what is kept there, for the log
 * @returns connections of its own that stay: to open one may take longer than anybody waits for an answer
 */
export function ownPool(login: OwnLogin, max: number, what: string, log: Logger): Pool {
  const pool = new Pool({
    ...login,
    ...{ max, idleTimeoutMillis: 0, connectionTimeoutMillis: 5_000, query_timeout: HANG_MS },
  });
  pool.on('error', (error) => {
    log.debug({ err: error }, `${what}: the connection to PostgreSQL failed`);
  });
  return pool;
}

const SWEEP_MS = 60_000;

/** Takes away, now and then, what has ended, so that it never piles up. */
export class Sweep {
  #sweptAt = -SWEEP_MS;

  /** @param sweep takes some of it away @returns whether there may be more; a failure is left to the next time */
  constructor(private readonly sweep: () => Promise<boolean>) {}

  /** To be called with each use; it waits for nothing. */
  touch(): void {
    if (performance.now() - this.#sweptAt < SWEEP_MS) return;
    this.#sweptAt = performance.now();
    this.sweep().then(
      (hasMore) => {
        if (hasMore) this.#sweptAt = -SWEEP_MS;
      },
      () => undefined,
    );
  }
}
