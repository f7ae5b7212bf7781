import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AUDIT_COMMITTED_QUEUE } from '@behavry/contracts';
import { PlaneState, QueueBroker, ServiceContext } from '@behavry/platform';
import type { BehaviorConfig } from '../behavior-monitor.config';
import { CountingService } from './counting.service';

/** Counts when rows were committed, and by a sweep in case a wake-up was lost. One run at a time. */
@Injectable()
export class CountingLoop implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #isWanted = false;

  constructor(
    private readonly context: ServiceContext<BehaviorConfig>,
    private readonly counting: CountingService,
    private readonly queues: QueueBroker,
    private readonly state: PlaneState,
  ) {}

  onModuleInit(): void {
    this.queues.consume(AUDIT_COMMITTED_QUEUE, () => {
      this.#wake();
      return Promise.resolve();
    });
    this.#timer = setInterval(() => {
      this.#wake();
    }, this.context.config.sweepSeconds * 1000);
    this.#wake();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    this.#isWanted = false;
    await this.#running;
  }

  #wake(): void {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      const tenantId = this.context.config.tenantId ?? this.state.get('config')?.value.tenant_id;
      if (tenantId === undefined) return;
      try {
        await this.counting.run(tenantId);
      } catch (error) {
        this.context.log.warn({ err: error }, 'behaviour was not counted; the next sweep will');
      }
    }
  }
}
