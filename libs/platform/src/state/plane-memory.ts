import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import type { Logger } from '../logging/logger';

/** A value, and the name under which it is kept. */
export interface Memory {
  /** Up to 128 characters that no stranger can guess: whoever reaches the store may write to it. */
  readonly key: string;
  readonly value: string;
}

/** What the processes of a plane remember together for a while, each under a name of its own. */
export abstract class PlaneMemory {
  /** Keeps values for so long, in place of those under the same names. @throws when the store cannot be reached */
  abstract put(memories: readonly Memory[], seconds: number): Promise<void>;
  /** @returns the values in the order of their keys; undefined where there is none, or no more */
  abstract get(keys: readonly string[]): Promise<readonly (string | undefined)[]>;
  /** Takes a value out: of all who try, one gets it. */
  abstract take(key: string): Promise<string | undefined>;
  abstract close(): Promise<void>;
}

/** In Redis, where every value ends by itself. */
export class RedisPlaneMemory extends PlaneMemory {
  readonly #client: Redis;

  /** @param prefix key prefix of the plane */
  constructor(
    url: string,
    private readonly prefix: string,
    log: Logger,
  ) {
    super();
    this.#client = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true });
    this.#client.on('error', (error: Error) => {
      log.warn({ err: error }, 'plane memory: Redis connection failed');
    });
  }

  async put(memories: readonly Memory[], seconds: number): Promise<void> {
    const written = this.#client.multi();
    for (const { key, value } of memories) written.set(this.#name(key), value, 'EX', seconds);
    await written.exec();
  }

  async get(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (keys.length === 0) return [];
    const values = await this.#client.mget(keys.map((key) => this.#name(key)));
    return values.map((value) => value ?? undefined);
  }

  async take(key: string): Promise<string | undefined> {
    return (await this.#client.getdel(this.#name(key))) ?? undefined;
  }

  close(): Promise<void> {
    this.#client.disconnect();
    return Promise.resolve();
  }

  #name(key: string): string {
    return `${this.prefix}:memory:${key}`;
  }
}

/** A write takes so many away that have ended, so that they never pile up. */
const SWEPT = 32;

/** In a PostgreSQL table. */
export class PgPlaneMemory extends PlaneMemory {
  constructor(private readonly pool: Pool) {
    super();
  }

  async put(memories: readonly Memory[], seconds: number): Promise<void> {
    if (memories.length === 0) return;
    await this.pool.query(
      `WITH ended AS (SELECT key FROM plane.memory WHERE expires_at < now() AND key <> ALL ($1::text[])
                       LIMIT ${String(SWEPT)} FOR UPDATE SKIP LOCKED),
            swept AS (DELETE FROM plane.memory USING ended WHERE memory.key = ended.key)
       INSERT INTO plane.memory (key, value, expires_at)
       SELECT DISTINCT ON (key) key, value, now() + make_interval(secs => $3)
         FROM unnest($1::text[], $2::text[]) AS given (key, value) ORDER BY key
       ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`,
      [memories.map(({ key }) => key), memories.map(({ value }) => value), seconds],
    );
  }

  async get(keys: readonly string[]): Promise<readonly (string | undefined)[]> {
    if (keys.length === 0) return [];
    const { rows } = await this.pool.query<Memory>(
      'SELECT key, value FROM plane.memory WHERE key = ANY ($1) AND expires_at > now()',
      [keys],
    );
    const found = new Map(rows.map(({ key, value }) => [key, value]));
    return keys.map((key) => found.get(key));
  }

  async take(key: string): Promise<string | undefined> {
    const { rows } = await this.pool.query<{ value: string; is_over: boolean }>(
      'DELETE FROM plane.memory WHERE key = $1 RETURNING value, expires_at <= now() AS is_over',
      [key],
    );
    const [row] = rows;
    return row && !row.is_over ? row.value : undefined;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
