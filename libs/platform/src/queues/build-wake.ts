import { Injectable } from '@nestjs/common';
import { BUNDLE_BUILD_QUEUE, type BundleBuildPayload } from '@behavry/contracts';
import { ServiceContext } from '../service/service-context';
import { QueueBroker, type QueueProducer } from './queue-broker';

/**
 * The one wake-up of bundle-server: whoever has committed a change of what a tenant's documents hold calls it. A
 * forgotten or lost one costs seconds: the content counter is the truth, and bundle-server looks at it regularly.
 */
@Injectable()
export class BuildWake {
  readonly #queue: QueueProducer<BundleBuildPayload>;

  constructor(
    broker: QueueBroker,
    private readonly context: ServiceContext,
  ) {
    this.#queue = broker.producer(BUNDLE_BUILD_QUEUE);
  }

  /** Call after the commit. Never fails. */
  async wake(tenantId: string, ...parts: readonly BundleBuildPayload['part'][]): Promise<void> {
    try {
      await Promise.all(parts.map((part) => this.#queue.add({ tenant_id: tenantId, part })));
    } catch (error) {
      this.context.log.warn(
        { err: error, parts },
        'bundle-server was not told; its sweep will find the change',
      );
    }
  }
}
