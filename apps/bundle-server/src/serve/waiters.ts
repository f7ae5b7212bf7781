import { Injectable, type BeforeApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { BundleMetrics } from './bundle-metrics';

/** Above this many waiting polls of a tenant, a change wakes them spread over a moment. */
const CROWD = 200;
const SPREAD_MS = 250;

/** Held polls, in memory only: a waiting poll costs a timer and no connection to anything. */
@Injectable()
export class Waiters implements OnModuleDestroy, BeforeApplicationShutdown {
  readonly #held = new Map<string, Set<() => void>>();
  #closing = false;

  constructor(private readonly metrics: BundleMetrics) {}

  /** Whether the process is on its way out: nothing is held any more. */
  get isClosing(): boolean {
    return this.#closing;
  }

  /** Resolves when the tenant is woken, the time is over, or the client is gone. */
  async wait(tenantId: string, ms: number, gone: AbortSignal): Promise<void> {
    if (this.#closing || ms <= 0 || gone.aborted) return;
    const held = this.#held.get(tenantId) ?? new Set();
    this.#held.set(tenantId, held);
    this.metrics.waiters.inc();
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        gone.removeEventListener('abort', end);
        held.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      held.add(end);
      gone.addEventListener('abort', end, { once: true });
    });
    this.metrics.waiters.dec();
    if (held.size === 0 && this.#held.get(tenantId) === held) this.#held.delete(tenantId);
  }

  /** Lets the polls of a tenant look again; of all tenants when none is named. */
  wake(tenantId?: string): void {
    const sets =
      tenantId === undefined ? [...this.#held.values()] : [this.#held.get(tenantId) ?? new Set<() => void>()];
    for (const held of sets) {
      for (const end of [...held]) {
        if (held.size > CROWD && !this.#closing) setTimeout(end, Math.random() * SPREAD_MS).unref();
        else end();
      }
    }
  }

  onModuleDestroy(): void {
    this.#closing = true;
    this.wake();
  }

  beforeApplicationShutdown(): void {
    this.wake();
  }
}
