import { guardedConnector, type AddressGuard } from '@behavry/platform';
import { Pool } from 'undici';

export interface OriginPoolsOptions {
  /** Origins of the plane's own variables: they stay, and its operator has allowed them by naming them. */
  readonly own: ReadonlySet<string>;
  /** Decides where every other origin may lead. */
  readonly guard: AddressGuard;
  /** How long an address may be silent. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly connections: number;
}

/** Connections to providers, one pool an origin, opened when it is first used. */
export class OriginPools {
  readonly #options: OriginPoolsOptions;
  readonly #open = new Map<string, Pool>();
  /** Those that still have calls under way. */
  readonly #ending = new Set<Pool>();

  constructor(options: OriginPoolsOptions) {
    this.#options = options;
  }

  /** Origins to which there is a pool. */
  get origins(): readonly string[] {
    return [...this.#open.keys()];
  }

  of({ origin }: URL): Pool {
    let pool = this.#open.get(origin);
    if (!pool) this.#open.set(origin, (pool = this.#make(origin)));
    return pool;
  }

  /** Closes the pools of all other origins, each when its calls are over. */
  keep(origins: ReadonlySet<string>): void {
    for (const [origin, pool] of this.#open) {
      if (origins.has(origin) || this.#options.own.has(origin)) continue;
      this.#open.delete(origin);
      this.#ending.add(pool);
      const forget = (): void => void this.#ending.delete(pool);
      // Fails only for a pool that was destroyed meanwhile.
      pool.close().then(forget, forget);
    }
  }

  /** Breaks off what is under way. */
  async close(): Promise<void> {
    await Promise.all([...this.#open.values(), ...this.#ending].map((pool) => pool.destroy()));
  }

  #make(origin: string): Pool {
    const { own, guard, connections, timeoutMs, connectTimeoutMs } = this.#options;
    return new Pool(origin, {
      connections,
      pipelining: 1,
      headersTimeout: timeoutMs,
      bodyTimeout: timeoutMs,
      connect: own.has(origin)
        ? { timeout: connectTimeoutMs }
        : guardedConnector({
            guard,
            origin: new URL(origin),
            timeoutMs: connectTimeoutMs,
            // Whoever asked is told, and says it once.
            onRefused: () => undefined,
          }),
    });
  }
}
