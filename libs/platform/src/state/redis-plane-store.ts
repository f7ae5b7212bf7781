import { Redis } from 'ioredis';
import type { Logger } from '../logging/logger';
import { PlaneStore, type StoreChannel } from './plane-store';

/** ARGV: key, new text, then the beginning of the present one when there is one. */
const REPLACE = `
local present = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[3] then
  if not present or string.sub(present, 1, #ARGV[3]) ~= ARGV[3] then return 0 end
elseif present then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1`;

/** A plane's values in one Redis hash, its messages over channels. */
export class RedisPlaneStore extends PlaneStore {
  readonly #client: Redis;
  readonly #subscriber: Redis;

  /** @param prefix key prefix of the plane */
  constructor(
    url: string,
    private readonly prefix: string,
    log: Logger,
  ) {
    super();
    this.#client = new Redis(url, { maxRetriesPerRequest: 1, lazyConnect: true });
    this.#subscriber = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
    for (const client of [this.#client, this.#subscriber]) {
      client.on('error', (error: Error) => {
        log.warn({ err: error }, 'plane state: Redis connection failed');
      });
    }
  }

  async readAll(): Promise<ReadonlyMap<string, string>> {
    return new Map(Object.entries(await this.#client.hgetall(this.#values)));
  }

  async read(key: string): Promise<string | undefined> {
    return (await this.#client.hget(this.#values, key)) ?? undefined;
  }

  async replace(key: string, present: string | undefined, text: string): Promise<boolean> {
    const expected = present === undefined ? [] : [present];
    return (await this.#client.eval(REPLACE, 1, this.#values, key, text, ...expected)) === 1;
  }

  async tell(channel: StoreChannel, message: string): Promise<void> {
    await this.#client.publish(this.#channel(channel), message);
  }

  async follow(channel: StoreChannel, heard: (message: string) => void): Promise<void> {
    const own = this.#channel(channel);
    this.#subscriber.on('message', (name: string, message: string) => {
      if (name === own) heard(message);
    });
    await this.#subscriber.subscribe(own);
    this.#subscriber.on('ready', () => {
      heard('');
    });
  }

  close(): Promise<void> {
    this.#client.disconnect();
    this.#subscriber.disconnect();
    return Promise.resolve();
  }

  get #values(): string {
    return `${this.prefix}:plane-state`;
  }

  #channel(channel: StoreChannel): string {
    return `${this.prefix}:plane-${channel}`;
  }
}
