import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BUNDLE_BUILD_QUEUE } from '@behavry/contracts';
import {
  allContentCounters,
  contentCounters,
  listTenants,
  PUBLISHED_CHANNEL,
  publishedHeads,
  PublishedDocumentRepository,
  TenantRepository,
  type DocumentPart,
  type PublishedDocument,
} from '@behavry/db-control';
import { nextRevision } from '@behavry/domain';
import { PgNotifications, QueueBroker, ServiceContext, withTenant } from '@behavry/platform';
import { BundleConfig } from '../bundle-server.config';
import { BundleMetrics } from '../serve/bundle-metrics';
import { PublishedStore } from '../serve/published-store';
import { BundleKey } from './bundle-key';
import { DocumentBuilder } from './document-builder';

const PARTS: readonly DocumentPart[] = ['policy', 'config'];
/** A large bundle of one tenant must not hold up the kill switch of another. */
const BUILDS_AT_ONCE = 4;

/**
 * Keeps every tenant's documents published: a job says what changed, and a sweep finds what a lost one
 * would have said. Builds happen here and never while somebody asks for a document.
 */
@Injectable()
export class Publisher implements OnModuleInit, OnModuleDestroy {
  readonly #running = new Map<string, Promise<void>>();
  /** What must run once more, because something changed while it ran. */
  readonly #again = new Set<string>();
  /** Documents that this process has compared once with what it would build itself: a release may differ. */
  readonly #compared = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping = false;
  #isSwept = false;

  constructor(
    private readonly context: ServiceContext<BundleConfig>,
    private readonly database: DataSource,
    private readonly notifications: PgNotifications,
    private readonly queues: QueueBroker,
    private readonly builder: DocumentBuilder,
    private readonly key: BundleKey,
    private readonly store: PublishedStore,
    private readonly metrics: BundleMetrics,
  ) {}

  async onModuleInit(): Promise<void> {
    this.context.health.register('documents', () =>
      this.#isSwept
        ? { ready: true }
        : { ready: false, detail: 'the tenants have not all been looked at yet' },
    );
    // Other replicas publish too, and each has polls of its own to wake.
    await this.notifications.listen(PUBLISHED_CHANNEL, (payload) => {
      this.#hear(payload);
    });
    this.queues.consume(BUNDLE_BUILD_QUEUE, ({ tenant_id: tenantId, part }) => this.ensure(tenantId, part), {
      concurrency: BUILDS_AT_ONCE,
    });
    await this.sweep();
    this.#timer = setInterval(() => void this.sweep(), this.context.config.sweepSeconds * 1000);
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.allSettled([...this.#running.values()]);
  }

  /** Builds what is missing or old, and loads what another replica published. Never throws. */
  async sweep(): Promise<void> {
    if (this.#sweeping) return;
    this.#sweeping = true;
    try {
      const tenants = await listTenants(this.database.manager);
      const counters = await allContentCounters(this.database.manager);
      const heads = new Map(
        (await publishedHeads(this.database.manager)).map((head) => [`${head.tenantId} ${head.part}`, head]),
      );
      for (const { id } of tenants) {
        for (const part of PARTS) {
          const head = heads.get(`${id} ${part}`);
          const isOld = head === undefined || head.contentCounter < (counters.get(id)?.[part] ?? 0);
          if (isOld || !this.#compared.has(`${id} ${part}`)) await this.#quietly(this.ensure(id, part));
          else if (this.store.peek(id, part)?.revision !== head.revision)
            await this.#quietly(this.store.refresh(id, part));
        }
      }
      this.store.keepOnly(new Set(tenants.map(({ id }) => id)));
      this.#isSwept = true;
    } catch (error) {
      this.context.log.warn({ err: error }, 'the tenants could not be looked at; what was published stays');
    } finally {
      this.#sweeping = false;
    }
  }

  /** Publishes a new revision when the content differs from the last one. Calls for one document are joined. */
  async ensure(tenantId: string, part: DocumentPart): Promise<void> {
    const name = `${tenantId} ${part}`;
    const present = this.#running.get(name);
    if (present) {
      this.#again.add(name);
      return present;
    }
    const run = this.#publishUntilQuiet(name, tenantId, part);
    this.#running.set(name, run);
    return run;
  }

  async #publishUntilQuiet(name: string, tenantId: string, part: DocumentPart): Promise<void> {
    try {
      do {
        this.#again.delete(name);
        await this.#publish(tenantId, part);
      } while (this.#again.has(name));
    } finally {
      this.#running.delete(name);
    }
  }

  async #publish(tenantId: string, part: DocumentPart): Promise<void> {
    const endTimer = this.metrics.builds.startTimer({ part });
    const published = await withTenant(this.database, tenantId, async (manager) => {
      const documents = new PublishedDocumentRepository(manager, tenantId);
      await documents.lock(part);
      // Read first: whatever is read after it is at least as new, so the document holds it.
      const { [part]: contentCounter } = await contentCounters(manager, tenantId);
      const head = await documents.head(part);
      if (!(await new TenantRepository(manager, tenantId).get())) return undefined;
      const content = await this.builder.content(manager, tenantId, part);
      if (head?.digest === content.digest && head.signedBy === this.key.kid) {
        if (head.contentCounter !== contentCounter)
          await documents.confirm(part, head.revision, contentCounter);
        return undefined;
      }
      const now = this.context.clock.now();
      const stamp = { revision: nextRevision(head?.revision, now), generation: (head?.generation ?? 0) + 1 };
      const document: PublishedDocument = {
        ...stamp,
        ...(await content.stamp(stamp)),
        digest: content.digest,
        policyCount: content.policyCount,
        contentCounter,
        signedBy: this.key.kid,
        createdAt: new Date(now),
      };
      await documents.publish(part, document);
      return document;
    });
    endTimer({ result: published ? 'published' : 'unchanged' });
    this.#compared.add(`${tenantId} ${part}`);
    if (published) {
      this.store.put(tenantId, part, published);
      const { revision, generation, policyCount, body } = published;
      this.context.log.info(
        { tenant_id: tenantId, part, revision, generation, policies: policyCount, bytes: body.length },
        'published',
      );
    } else {
      await this.store.refresh(tenantId, part);
    }
  }

  #hear(payload: string): void {
    // Empty after a reconnection, when anything may have been missed.
    if (payload === '') {
      void this.sweep();
      return;
    }
    const [tenantId = '', part] = payload.split(' ');
    if (part === 'policy' || part === 'config') void this.#quietly(this.store.refresh(tenantId, part));
  }

  async #quietly(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      this.context.log.error(
        { err: error },
        'a document could not be published; the last one stays, the sweep tries again',
      );
    }
  }
}
