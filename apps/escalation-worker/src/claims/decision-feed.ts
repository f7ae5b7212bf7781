import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { PgNotifications } from '@behavry/platform';

const CHANNEL = 'behavry_escalations';
/** A lost notification costs a held claim this long at most. */
const RECHECK_MS = 1_000;

/** Tells held claims that an escalation was settled, across replicas. */
@Injectable()
export class DecisionFeed implements OnModuleInit {
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(private readonly notifications: PgNotifications) {}

  async onModuleInit(): Promise<void> {
    await this.notifications.listen(CHANNEL, (id) => {
      if (id === '') for (const waiters of this.#waiters.values()) wake(waiters);
      else wake(this.#waiters.get(id));
    });
  }

  /** Announces that escalations were settled, when the transaction commits. */
  async announce(manager: EntityManager, ids: readonly string[]): Promise<void> {
    for (const id of ids) await manager.query(`SELECT pg_notify('${CHANNEL}', $1)`, [id]);
  }

  /** Waits until an escalation may have been settled, `ms` have passed, or the caller gave up. */
  wait(id: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(id) ?? new Set();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        waiters.delete(done);
        if (waiters.size === 0) this.#waiters.delete(id);
        resolve();
      };
      const timer = setTimeout(done, Math.min(ms, RECHECK_MS));
      signal.addEventListener('abort', done, { once: true });
      this.#waiters.set(id, waiters.add(done));
      if (signal.aborted) done();
    });
  }
}

function wake(waiters: ReadonlySet<() => void> | undefined): void {
  for (const waiter of [...(waiters ?? [])]) waiter();
}
