import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger';
import { told, type PlaneStateStore, type Versioned } from './plane-state';

/** A version is never below the time in milliseconds, so that it rises even when the store lost what it held. */
const WRITE = `
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local before = tonumber(redis.call('HGET', KEYS[2], ARGV[1]) or '0')
local version = string.format('%.0f', math.max(now, before + 1))
redis.call('HSET', KEYS[2], ARGV[1], version)
redis.call('HSET', KEYS[1], ARGV[1], version .. ' ' .. ARGV[2])
redis.call('PUBLISH', KEYS[3], version .. ' ' .. ARGV[1])
return version`;

/** Plane state in one Redis hash, with a channel that names version and key of each change. */
export class RedisPlaneStateStore implements PlaneStateStore {
  readonly #client: Redis;
  readonly #subscriber: Redis;
  readonly #values: string;
  readonly #versions: string;
  readonly #channel: string;

  /** @param prefix key prefix of the plane */
  constructor(url: string, prefix: string, log: Logger) {
    this.#client = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true });
    this.#subscriber = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
    for (const client of [this.#client, this.#subscriber]) {
      client.on('error', (error: Error) => {
        log.warn({ err: error }, 'plane state: Redis connection failed');
      });
    }
    this.#values = `${prefix}:plane-state`;
    this.#versions = `${prefix}:plane-state-versions`;
    this.#channel = `${prefix}:plane-state-changed`;
  }

  async readAll(): Promise<ReadonlyMap<string, Versioned<string>>> {
    const all = await this.#client.hgetall(this.#values);
    return new Map(Object.entries(all).map(([key, text]) => [key, parse(text)]));
  }

  async read(key: string): Promise<Versioned<string> | undefined> {
    const text = await this.#client.hget(this.#values, key);
    return text === null ? undefined : parse(text);
  }

  async write(key: string, text: string): Promise<number> {
    return Number(await this.#client.eval(WRITE, 3, this.#values, this.#versions, this.#channel, key, text));
  }

  async follow(changed: (key: string, version: number) => void): Promise<void> {
    this.#subscriber.on('message', (_channel: string, message: string) => {
      told(message, changed);
    });
    await this.#subscriber.subscribe(this.#channel);
    this.#subscriber.on('ready', () => {
      changed('', 0);
    });
  }

  close(): Promise<void> {
    this.#client.disconnect();
    this.#subscriber.disconnect();
    return Promise.resolve();
  }
}

function parse(stored: string): Versioned<string> {
  const space = stored.indexOf(' ');
  return { version: Number(stored.slice(0, space)), value: stored.slice(space + 1) };
}
