import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger';
import type { PlaneStateStore, Versioned } from './plane-state';

const WRITE = `
local version = redis.call('HINCRBY', KEYS[2], ARGV[1], 1)
redis.call('HSET', KEYS[1], ARGV[1], version .. ' ' .. ARGV[2])
redis.call('PUBLISH', KEYS[3], ARGV[1])
return version`;

/** Plane state in one Redis hash, with a channel that names the keys that changed. */
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

  async follow(changed: (key: string) => void): Promise<void> {
    this.#subscriber.on('message', (_channel: string, key: string) => {
      changed(key);
    });
    await this.#subscriber.subscribe(this.#channel);
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
