import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PlaneState, ServiceContext } from '@behavry/platform';
import { Gauge } from 'prom-client';
import type { EscalationConfig } from '../escalation-worker.config';
import { EscalationService } from './escalation.service';

/**
 * Looks at deadlines regularly, and at once when the config document brings a new kill switch; shows what waits for a
 * person.
 */
@Injectable()
export class EscalationSweep implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  /** When the oldest that waits was opened, in ms since the Unix epoch. */
  #oldestAt: number | undefined;
  readonly #pending: Gauge;

  constructor(
    private readonly context: ServiceContext<EscalationConfig>,
    private readonly escalations: EscalationService,
    private readonly state: PlaneState,
  ) {
    const registers = [context.metrics];
    this.#pending = new Gauge({
      name: 'behavry_escalation_pending',
      help: 'Calls that wait for a person, as the last sweep found them.',
      registers,
    });
    const oldestAge = (): number =>
      this.#oldestAt === undefined ? 0 : Math.max(0, (context.clock.now() - this.#oldestAt) / 1000);
    new Gauge({
      name: 'behavry_escalation_oldest_age_seconds',
      help: 'How long the oldest of them has waited; 0 when none waits.',
      registers,
      collect() {
        this.set(oldestAge());
      },
    });
  }

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
      .then(() => this.#measure())
      .catch((error: unknown) => {
        this.context.log.warn({ err: error }, 'deadlines were not looked at; the next sweep will');
      })
      .finally(() => (this.#running = undefined));
  }

  async #measure(): Promise<void> {
    const tenantId = this.state.get('config')?.value.tenant_id;
    if (tenantId === undefined) return;
    const { count, oldestAt } = await this.escalations.waiting(tenantId);
    this.#pending.set(count);
    this.#oldestAt = oldestAt?.getTime();
  }
}
