import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AUDIT_COMMITTED_QUEUE, type AuditCommittedPayload } from '@behavry/contracts';
import { PlaneState, QueueBroker, ServiceContext } from '@behavry/platform';
import type { BehaviorConfig } from '../behavior-monitor.config';
import { CountingService } from './counting.service';

/**
 * Counts what audit-writer says was committed; a sweep reads what no job told, and lets scores down. One of them at a
 * time in this process; other processes wait at the cursor.
 */
@Injectable()
export class CountingLoop implements OnModuleInit, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  /** Whether a job came since the last sweep: then what is still missing is on its way. */
  #isTold = false;

  constructor(
    private readonly context: ServiceContext<BehaviorConfig>,
    private readonly counting: CountingService,
    private readonly queues: QueueBroker,
    private readonly state: PlaneState,
  ) {}

  onModuleInit(): void {
    this.queues.consume(AUDIT_COMMITTED_QUEUE, (payload) => {
      this.#isTold = true;
      return this.#take(() => this.#count(payload));
    });
    const sweep = (): void => void this.#take(() => this.#sweep());
    this.#timer = setInterval(sweep, this.context.config.sweepSeconds * 1000);
    sweep();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  #take(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.context.log.warn({ err: error }, 'behaviour was not counted; the next sweep will');
      this.#isTold = false;
    });
    return this.#turn;
  }

  async #count({ tenant_id: tenantId, facts }: AuditCommittedPayload): Promise<void> {
    await this.counting.count(tenantId, facts);
  }

  async #sweep(): Promise<void> {
    const tenantId = this.context.config.tenantId ?? this.state.get('config')?.value.tenant_id;
    if (tenantId === undefined) return;
    if (!this.#isTold) await this.counting.catchUp(tenantId);
    this.#isTold = false;
    await this.counting.settle(tenantId);
  }
}
