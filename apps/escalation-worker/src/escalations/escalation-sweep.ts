import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PlaneState, ServiceContext } from '@behavry/platform';
import type { EscalationConfig } from '../escalation-worker.config';
import { EscalationService } from './escalation.service';

/** Looks at deadlines regularly, and at once when the config document brings a new kill switch. */
@Injectable()
export class EscalationSweep implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor(
    private readonly context: ServiceContext<EscalationConfig>,
    private readonly escalations: EscalationService,
    private readonly state: PlaneState,
  ) {}

  onModuleInit(): void {
    this.#timer = setInterval(() => {
      this.#sweep();
    }, this.context.config.sweepSeconds * 1000);
    this.state.watch('config', () => {
      this.#sweep();
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }

  #sweep(): void {
    this.#running ??= this.escalations
      .sweep()
      .catch((error: unknown) => {
        this.context.log.warn({ err: error }, 'deadlines were not looked at; the next sweep will');
      })
      .finally(() => (this.#running = undefined));
  }
}
