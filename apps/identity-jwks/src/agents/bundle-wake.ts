import { Injectable } from '@nestjs/common';
import { BUNDLE_BUILD_QUEUE, type BundleBuildPayload } from '@behavry/contracts';
import { QueueBroker, ServiceContext, type QueueProducer } from '@behavry/platform';

/** Tells bundle-server that a tenant's documents may have changed; its sweep finds what a lost hint would. */
@Injectable()
export class BundleWake {
  readonly #queue: QueueProducer<BundleBuildPayload>;

  constructor(
    broker: QueueBroker,
    private readonly context: ServiceContext,
  ) {
    this.#queue = broker.producer(BUNDLE_BUILD_QUEUE);
  }

  /** Call after the change is committed. Never fails. */
  async wake(tenantId: string, part: BundleBuildPayload['part']): Promise<void> {
    try {
      await this.#queue.add({ tenant_id: tenantId, part });
    } catch (error) {
      this.context.log.warn(
        { err: error, part },
        'bundle-server was not told; its sweep will find the change',
      );
    }
  }
}
