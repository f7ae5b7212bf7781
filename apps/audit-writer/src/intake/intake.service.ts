import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { AUDIT_EVENTS_QUEUE } from '@behavry/contracts';
import { AuditPartitions } from '@behavry/db-data';
import { PlaneSignalBus, PlaneState, QueueBroker, ServiceContext } from '@behavry/platform';
import { DataSource } from 'typeorm';
import type { AuditWriterConfig } from '../audit-writer.config';
import { planeTenant } from '../plane-tenant';
import { SessionEnds } from '../sessions/session-ends';
import { AbandonedDecisions } from './abandoned-decisions';
import { AuditEventsProcessor } from './audit-events.processor';
import { BatchStore, type StoredBatch } from './batch-store';
import { CommitWakes } from './commit-wakes';

const SWEEP_MS = 5_000;
const AT_ONCE = 4;

/** Joins the parts of the intake to the queue and to the plane's state, and looks after what queues may lose. */
@Injectable()
export class IntakeService implements OnModuleInit, OnModuleDestroy {
  readonly #stopping = new AbortController();
  readonly #abandoned: AbandonedDecisions;
  readonly #partitions: AuditPartitions;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServiceContext<AuditWriterConfig>,
    private readonly source: DataSource,
    private readonly state: PlaneState,
    private readonly signals: PlaneSignalBus,
    private readonly broker: QueueBroker,
    private readonly wakes: CommitWakes,
    private readonly sessionEnds: SessionEnds,
  ) {
    const { clock, config } = context;
    this.#partitions = new AuditPartitions(source);
    this.#abandoned = new AbandonedDecisions(source, clock, config.auditPendingSeconds * 1000);
  }

  onModuleInit(): void {
    const { context } = this;
    const store = new BatchStore(this.source, this.#partitions, context.clock, () =>
      planeTenant(context, this.state),
    );
    const processor = new AuditEventsProcessor(
      context,
      store,
      (stored) => {
        this.#committed(stored);
      },
      this.#stopping.signal,
    );
    this.broker.consume(AUDIT_EVENTS_QUEUE, (batch) => processor.process(batch), { concurrency: AT_ONCE });
    // Another writer of the plane stored something: streams of this one look.
    this.signals.on('audit.positions', () => {
      this.wakes.touched();
    });
    void this.#sweep();
  }

  /** Batches under way end before the database is closed. */
  async onModuleDestroy(): Promise<void> {
    this.#stopping.abort();
    clearTimeout(this.#timer);
    await this.broker.close();
    this.wakes.close();
  }

  /** A proxy that does not hear of it sends the batch again, and is told again. */
  #committed(stored: StoredBatch): void {
    const spools = { [stored.spoolId]: stored.position };
    this.signals.send('audit.positions', { spools }).catch((error: unknown) => {
      this.context.log.warn({ err: error }, 'audit: a position could not be told; the proxy will ask again');
    });
    this.wakes.committed(stored.tenantId, stored.rows);
  }

  async #sweep(): Promise<void> {
    try {
      await this.#partitionsAhead();
      const tenantId = planeTenant(this.context, this.state);
      if (tenantId !== undefined) {
        await this.sessionEnds.compare(tenantId);
        const rows = await this.#abandoned.sweep(tenantId);
        if (rows.length > 0) {
          const message = 'audit: decisions without outcome were recorded as aborted';
          this.context.log.warn({ rows: rows.length }, message);
          this.wakes.committed(tenantId, rows);
        }
      }
    } catch (error) {
      this.context.log.warn({ err: error }, 'audit: a sweep failed; the next one comes');
    }
    if (this.#stopping.signal.aborted) return;
    this.#timer = setTimeout(() => void this.#sweep(), SWEEP_MS);
    this.#timer.unref();
  }

  /** Today's and tomorrow's partition exist before the first row of the day. */
  async #partitionsAhead(): Promise<void> {
    const now = this.context.clock.now();
    await this.#partitions.ensure(
      [now, now + 86_400_000].map((ms) => new Date(ms).toISOString().slice(0, 10)),
    );
  }
}
