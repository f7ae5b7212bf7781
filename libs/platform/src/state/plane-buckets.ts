import type { Redis, Result } from 'ioredis';
import type { Pool } from 'pg';
import type { Logger } from '../logging/logger';
import { ownPool, ownRedis, Sweep, type OwnLogin } from './own-connection';

/** What somebody wants of a bucket, and what kind of bucket that is. Amounts are whole numbers. */
export interface BucketWish {
  /** Names and ids, never content; up to 200 characters. A list has each key once. */
  readonly key: string;
  /** What a full bucket holds; one that nobody has taken from is full. */
  readonly capacity: number;
  /** What flows into it; more than 0. */
  readonly perSecond: number;
  /** Below 0 it is given back: what is more than the bucket holds is lost. */
  readonly amount: number;
  /** What is better than nothing; the whole amount where it is absent. */
  readonly least?: number;
}

export interface BucketAnswer {
  readonly granted: number;
  /** Until this bucket will hold the least that was wanted; 0 when it does. */
  readonly waitMs: number;
}

/**
 * Token buckets that all processes of a plane take from. The store's clock counts, not theirs. A store that lost its
 * buckets has full ones.
 */
export abstract class PlaneBuckets {
  /**
   * Takes from all or from none: from each what it holds of the amount, once every one holds the least of it.
   * @throws when the store cannot be reached; whether something was taken is then unknown
   */
  abstract take(wishes: readonly BucketWish[]): Promise<readonly BucketAnswer[]>;
  abstract close(): Promise<void>;
}

/**
 * ARGV: capacity, flow a millisecond, amount and least of each key. A key ends by itself when its bucket is full. What
 * is missing to a whole number by less than a millionth is rounding.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local levels, waits, isGranted = {}, {}, true
for i = 1, #KEYS do
  local capacity, flow, amount, least = unpack(ARGV, i * 4 - 3, i * 4)
  local level = tonumber(capacity)
  local found = redis.call('HMGET', KEYS[i], 'level', 'at')
  if found[1] then level = math.min(level, found[1] + math.max(0, now - found[2]) * flow) end
  levels[i], waits[i] = level, 0
  if tonumber(amount) > 0 and level + 1e-6 < tonumber(least) then
    waits[i], isGranted = math.ceil((least - level) / flow), false
  end
end
local answer = {}
for i = 1, #KEYS do
  local capacity, flow, amount = unpack(ARGV, i * 4 - 3, i * 4 - 1)
  local granted = isGranted and tonumber(amount) or 0
  if granted > 0 then granted = math.min(granted, math.floor(levels[i] + 1e-6)) end
  if granted ~= 0 then
    local level = math.min(tonumber(capacity), levels[i] - granted)
    local untilFull = math.ceil((capacity - level) / flow)
    if untilFull > 0 then
      redis.call('HSET', KEYS[i], 'level', string.format('%.17g', level), 'at', string.format('%.0f', now))
      redis.call('PEXPIRE', KEYS[i], string.format('%.0f', untilFull))
    else
      redis.call('DEL', KEYS[i])
    end
  end
  answer[i * 2 - 1], answer[i * 2] = granted, waits[i]
end
return answer`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    takeFromBuckets(keys: number, ...args: (string | number)[]): Result<number[], Context>;
  }
}

/** In Redis: one script, which holds up nobody and is held up by nobody. */
export class RedisPlaneBuckets extends PlaneBuckets {
  readonly #client: Redis;

  /** @param prefix key prefix of the plane */
  constructor(
    url: string,
    private readonly prefix: string,
    log: Logger,
  ) {
    super();
    this.#client = ownRedis(url, 'plane buckets', log);
    this.#client.defineCommand('takeFromBuckets', { lua: TAKE });
  }

  async take(wishes: readonly BucketWish[]): Promise<readonly BucketAnswer[]> {
    const found = await this.#client.takeFromBuckets(
      wishes.length,
      ...wishes.map(({ key }) => `${this.prefix}:bucket:${key}`),
      ...wishes.flatMap(({ capacity, perSecond, amount, least = amount }) => [
        capacity,
        perSecond / 1000,
        amount,
        least,
      ]),
    );
    return wishes.map((_, index) => ({
      granted: found[index * 2] ?? 0,
      waitMs: found[index * 2 + 1] ?? 0,
    }));
  }

  close(): Promise<void> {
    this.#client.disconnect();
    return Promise.resolve();
  }
}

const SWEPT = 1_000;

/** In a PostgreSQL table: one statement, which waits for others at the same buckets. */
export class PgPlaneBuckets extends PlaneBuckets {
  readonly #pool: Pool;
  readonly #sweep = new Sweep(() => this.#forgetFull());

  constructor(login: OwnLogin, log: Logger) {
    super();
    this.#pool = ownPool(login, 1, 'plane buckets', log);
  }

  async take(wishes: readonly BucketWish[]): Promise<readonly BucketAnswer[]> {
    const { rows } = await this.#pool.query<BucketAnswer>(
      `SELECT granted, wait_ms AS "waitMs" FROM plane.take_from_buckets($1, $2, $3, $4, $5)`,
      [
        wishes.map(({ key }) => key),
        wishes.map(({ capacity }) => capacity),
        wishes.map(({ perSecond }) => perSecond),
        wishes.map(({ amount }) => amount),
        wishes.map(({ amount, least = amount }) => least),
      ],
    );
    this.#sweep.touch();
    return rows;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  /** A full bucket is as good as none. */
  async #forgetFull(): Promise<boolean> {
    await this.#pool.query(
      `DELETE FROM plane.buckets USING (
         SELECT key FROM plane.buckets WHERE full_at < clock_timestamp() LIMIT ${String(SWEPT)} FOR UPDATE SKIP LOCKED
       ) AS filled WHERE buckets.key = filled.key`,
    );
    return false;
  }
}
