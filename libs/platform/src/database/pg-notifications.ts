import { Client, type ClientConfig } from 'pg';
import type { Logger } from '../logging/logger';

type Listener = (payload: string) => void;

/** One LISTEN connection for a process: reconnects by itself and then wakes every listener with ''. */
export class PgNotifications {
  readonly #listeners = new Map<string, Set<Listener>>();
  #client: Client | undefined;
  #connecting: Promise<Client> | undefined;
  #closed = false;
  /** One LISTEN at a time: a client takes one query after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly options: ClientConfig,
    private readonly log: Logger,
  ) {}

  /**
   * Calls back with the payload of every notification on a channel, and with '' after a reconnection,
   * when something may have been missed.
   * @param channel a constant of the program, lower case and underscores
   */
  async listen(channel: string, listener: Listener): Promise<void> {
    const listeners = this.#listeners.get(channel) ?? new Set<Listener>();
    this.#listeners.set(channel, listeners.add(listener));
    const turn = this.#turn.then(() => this.#ensure(channel));
    this.#turn = turn.catch(() => undefined);
    await turn;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #ensure(channel: string): Promise<void> {
    const present = this.#client;
    // A new connection listens to every channel that is known already.
    if (present) await present.query(`LISTEN ${channel}`);
    else await this.#connection();
  }

  async #connection(): Promise<Client> {
    if (this.#client) return this.#client;
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    return this.#connecting;
  }

  async #connect(): Promise<Client> {
    const client = new Client({ ...this.options, keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload ?? '');
    });
    client.on('error', (error) => {
      this.#lost(client, error);
    });
    client.on('end', () => {
      this.#lost(client, undefined);
    });
    await client.connect();
    for (const channel of this.#listeners.keys()) await client.query(`LISTEN ${channel}`);
    this.#client = client;
    return client;
  }

  #lost(client: Client, error: Error | undefined): void {
    if (this.#closed || this.#client !== client) return;
    this.#client = undefined;
    this.log.warn({ err: error }, 'database notifications: connection lost, connecting again');
    void client.end().catch(() => undefined);
    this.#reconnect(250);
  }

  #reconnect(delayMs: number): void {
    setTimeout(() => {
      if (this.#closed) return;
      this.#connection().then(
        () => {
          for (const listeners of this.#listeners.values()) for (const listener of listeners) listener('');
        },
        () => {
          this.#reconnect(Math.min(delayMs * 2, 5_000));
        },
      );
    }, delayMs).unref();
  }
}
