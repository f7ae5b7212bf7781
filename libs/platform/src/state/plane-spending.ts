import type { Redis, Result } from 'ioredis';
import type { Pool } from 'pg';
import type { Logger } from '../logging/logger';
import { ownPool, ownRedis, Sweep, type OwnLogin } from './own-connection';

/** What a call may use of something that is counted. Amounts are whole numbers, 0 to 2^53 - 1. */
export interface SpendingWish {
  /** Names, ids and the period, never content; up to 200 characters. A list has each key once. */
  readonly key: string;
  readonly amount: number;
  /** Up to which may be used; null: whatever it comes to. */
  readonly limit: number | null;
  /** For so long what was used is known, from the latest use on: at least to the end of its period. */
  readonly keepSeconds: number;
}

export interface SpendingAnswer {
  readonly fits: boolean;
  /** What was used and reserved before this call. */
  readonly level: number;
}

/** What a call has used in the end. */
export interface SpendingUse {
  readonly key: string;
  /** What was wished for it. */
  readonly reserved: number;
  readonly used: number;
  readonly keepSeconds: number;
}

/**
 * How much was used of what all processes of a plane count together: reserved before a call, and settled after it. The
 * store's clock counts, not theirs. What a crashed process has reserved ends by itself.
 */
export abstract class PlaneSpending {
  /**
   * Reserves all that is wished for, or nothing when one of them would go over its limit.
   * @param id of the call, unique
   * @param seconds after which a reservation that nobody settled counts no more
   * @throws when the store cannot be reached; whether it was reserved is then unknown
   */
  abstract reserve(
    id: string,
    seconds: number,
    wishes: readonly SpendingWish[],
  ): Promise<readonly SpendingAnswer[]>;
  /**
   * Puts what was used in the place of what was reserved, whether that has ended or was never made. A call is settled
   * once: for an hour, settling it again does nothing, so that whoever heard no answer may ask again.
   * @throws when the store cannot be reached; whether it was settled is then unknown
   */
  abstract settle(id: string, uses: readonly SpendingUse[]): Promise<void>;
  abstract close(): Promise<void>;
}

/** A call that was settled is known for so long. */
const REMEMBERED_SECONDS = 3_600;

/**
 * KEYS: of each thing what is counted (`spent`, and `held` by reservations), and when reservations end. ARGV: id of the
 * call, seconds, then amount, limit (empty: none) and seconds to keep of each thing. A reservation is named by its call
 * and its amount. What has ended is taken away by whoever comes next.
 */
const RESERVE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local id, ends = ARGV[1], now + ARGV[2] * 1000
local levels, fits, isReserved = {}, {}, true
local count = #KEYS / 2
for i = 1, count do
  local counted, reservations = KEYS[i * 2 - 1], KEYS[i * 2]
  for _, lost in ipairs(redis.call('ZRANGE', reservations, '-inf', now, 'BYSCORE')) do
    redis.call('ZREM', reservations, lost)
    redis.call('HINCRBY', counted, 'held', '-' .. string.match(lost, '%d+$'))
  end
  local found = redis.call('HMGET', counted, 'spent', 'held')
  local amount, limit = ARGV[i * 3], ARGV[i * 3 + 1]
  levels[i] = (found[1] or 0) + (found[2] or 0)
  fits[i] = limit == '' or levels[i] + amount <= tonumber(limit)
  isReserved = isReserved and fits[i]
end
local answer = {}
for i = 1, count do
  local counted, reservations = KEYS[i * 2 - 1], KEYS[i * 2]
  local amount, keep = ARGV[i * 3], ARGV[i * 3 + 2]
  if isReserved and tonumber(amount) > 0 and redis.call('ZADD', reservations, ends, id .. ':' .. amount) == 1 then
    redis.call('HINCRBY', counted, 'held', amount)
    redis.call('EXPIRE', counted, keep)
    redis.call('EXPIRE', reservations, keep)
  end
  answer[i * 2 - 1], answer[i * 2] = fits[i] and 1 or 0, levels[i]
end
return answer`;

/** KEYS: that the call was settled, then as above. ARGV: id, seconds, then what was reserved and used, and seconds to keep. */
const SETTLE = `
if not redis.call('SET', KEYS[1], 1, 'NX', 'EX', ARGV[2]) then return 0 end
for i = 1, (#KEYS - 1) / 2 do
  local counted, reservations = KEYS[i * 2], KEYS[i * 2 + 1]
  local reserved, used, keep = unpack(ARGV, i * 3, i * 3 + 2)
  if redis.call('ZREM', reservations, ARGV[1] .. ':' .. reserved) == 1 then
    redis.call('HINCRBY', counted, 'held', '-' .. reserved)
  end
  redis.call('HINCRBY', counted, 'spent', used)
  redis.call('EXPIRE', counted, keep)
end
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    reserveSpending(keys: number, ...args: (string | number)[]): Result<number[], Context>;
    settleSpending(keys: number, ...args: (string | number)[]): Result<number, Context>;
  }
}

/** In Redis: scripts, which hold up nobody and are held up by nobody. As lasting as Redis is set up to be. */
export class RedisPlaneSpending extends PlaneSpending {
  readonly #client: Redis;

  /** @param prefix key prefix of the plane */
  constructor(
    url: string,
    private readonly prefix: string,
    log: Logger,
  ) {
    super();
    this.#client = ownRedis(url, 'plane spending', log);
    this.#client.defineCommand('reserveSpending', { lua: RESERVE });
    this.#client.defineCommand('settleSpending', { lua: SETTLE });
  }

  async reserve(
    id: string,
    seconds: number,
    wishes: readonly SpendingWish[],
  ): Promise<readonly SpendingAnswer[]> {
    const found = await this.#client.reserveSpending(
      wishes.length * 2,
      ...wishes.flatMap(({ key }) => this.#names(key)),
      ...[id, seconds],
      ...wishes.flatMap(({ amount, limit, keepSeconds }) => [amount, limit ?? '', keepSeconds]),
    );
    return wishes.map((_, index) => ({
      fits: found[index * 2] === 1,
      level: found[index * 2 + 1] ?? 0,
    }));
  }

  async settle(id: string, uses: readonly SpendingUse[]): Promise<void> {
    await this.#client.settleSpending(
      uses.length * 2 + 1,
      `${this.prefix}:spending-settled:${id}`,
      ...uses.flatMap(({ key }) => this.#names(key)),
      ...[id, REMEMBERED_SECONDS],
      ...uses.flatMap(({ reserved, used, keepSeconds }) => [reserved, used, keepSeconds]),
    );
  }

  close(): Promise<void> {
    this.#client.disconnect();
    return Promise.resolve();
  }

  #names(key: string): readonly [string, string] {
    return [`${this.prefix}:spending:${key}`, `${this.prefix}:spending-held:${key}`];
  }
}

const SWEPT = 10_000;
const ENDED = [
  ['spending', 'key', 'forgotten_at'],
  ['spending_reservations', '(key, id)', 'ends_at'],
  ['spending_settled', 'id', 'forgotten_at'],
] as const;

/** In PostgreSQL tables: one statement each, which waits for others at the same rows. */
export class PgPlaneSpending extends PlaneSpending {
  readonly #pool: Pool;
  readonly #sweep = new Sweep(() => this.#forgetEnded());

  /** To reserve must not wait for one that settles. */
  constructor(login: OwnLogin, log: Logger) {
    super();
    this.#pool = ownPool(login, 2, 'plane spending', log);
  }

  async reserve(
    id: string,
    seconds: number,
    wishes: readonly SpendingWish[],
  ): Promise<readonly SpendingAnswer[]> {
    const { rows } = await this.#pool.query<SpendingAnswer>(
      'SELECT fits, level FROM plane.reserve_spending($1, $2, $3, $4, $5, $6)',
      [
        ...[id, seconds],
        wishes.map(({ key }) => key),
        wishes.map(({ limit }) => limit),
        wishes.map(({ amount }) => amount),
        wishes.map(({ keepSeconds }) => keepSeconds),
      ],
    );
    this.#sweep.touch();
    return rows;
  }

  async settle(id: string, uses: readonly SpendingUse[]): Promise<void> {
    await this.#pool.query('SELECT plane.settle_spending($1, $2, $3, $4, $5)', [
      ...[id, REMEMBERED_SECONDS],
      uses.map(({ key }) => key),
      uses.map(({ used }) => used),
      uses.map(({ keepSeconds }) => keepSeconds),
    ]);
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #forgetEnded(): Promise<boolean> {
    const swept = ENDED.map(async ([table, key, ended]) => {
      const { rowCount } = await this.#pool.query(
        `DELETE FROM plane.${table} WHERE ${key} IN (
           SELECT ${key.replace(/[()]/g, '')} FROM plane.${table} WHERE ${ended} < clock_timestamp()
           LIMIT ${String(SWEPT)} FOR UPDATE SKIP LOCKED)`,
      );
      return rowCount === SWEPT;
    });
    return (await Promise.all(swept)).includes(true);
  }
}
