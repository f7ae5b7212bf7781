import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PUBLISHED_CHANNEL, PublishedDocumentRepository } from '@behavry/db-control';
import { PgNotifications, ProblemError, ServiceContext, withTenant } from '@behavry/platform';
import type { PolicyConfig } from '../policy-service.config';

/** Looks again this often when no notification came. */
const POLL_MS = 500;

/** Waits for the bundle that holds a change; bundle-server wakes at the change's commit. */
@Injectable()
export class Publication implements OnModuleInit {
  readonly #waiting = new Set<() => void>();

  constructor(
    private readonly context: ServiceContext<PolicyConfig>,
    private readonly database: DataSource,
    private readonly notifications: PgNotifications,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.notifications.listen(PUBLISHED_CHANNEL, () => {
      for (const wake of this.#waiting) wake();
    });
  }

  /**
   * @param counter the tenant's policy counter after the change
   * @returns revision of the first bundle that holds it
   * @throws ProblemError 503 when none is built in time; the change itself stays
   */
  async revisionWith(tenantId: string, counter: number): Promise<string> {
    const deadline = performance.now() + this.context.config.publishWaitSeconds * 1000;
    for (;;) {
      const news = this.#news();
      try {
        const head = await withTenant(this.database, tenantId, (manager) =>
          new PublishedDocumentRepository(manager, tenantId).head('policy'),
        );
        if (head && head.contentCounter >= counter) return head.revision;
        if (performance.now() >= deadline) throw notBuilt();
        await Promise.race([
          news.arrived,
          delay(POLL_MS, undefined, { signal: news.signal }).catch(() => undefined),
        ]);
      } finally {
        news.end();
      }
    }
  }

  /** Listens from before the look, so that a publication in between is not missed. */
  #news(): { arrived: Promise<void>; signal: AbortSignal; end: () => void } {
    const controller = new AbortController();
    let wake: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => (wake = resolve));
    this.#waiting.add(wake);
    return {
      arrived,
      signal: controller.signal,
      end: () => {
        this.#waiting.delete(wake);
        controller.abort();
      },
    };
  }
}

function notBuilt(): ProblemError {
  return new ProblemError(
    'unavailable',
    'The change is stored, and bundle-server has not built the bundle that holds it yet. It will be published when bundle-server runs again.',
    { headers: { 'retry-after': '5' } },
  );
}
