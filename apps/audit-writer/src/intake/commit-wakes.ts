import { EventEmitter } from 'node:events';
import { AUDIT_COMMITTED_QUEUE, type AuditCommittedPayload, type AuditFact } from '@behavry/contracts';
import type { AppendedRow } from '@behavry/db-data';
import { auditFactOf } from '@behavry/domain';
import type { QueueBroker, QueueProducer, ServiceContext } from '@behavry/platform';

const GATHER_MS = 250;
const MOST_FACTS = 1_000;

/**
 * Tells those who follow the chain what was committed: streams of this process at once, behavior-monitor by one job for
 * all rows of a quarter of a second. Both have cursors of their own, so a lost job costs only time.
 */
export class CommitWakes {
  readonly #local = new EventEmitter().setMaxListeners(0);
  readonly #producer: QueueProducer<AuditCommittedPayload>;
  readonly #requesterKey: Buffer;
  #waiting: AuditFact[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServiceContext,
    broker: QueueBroker,
  ) {
    this.#producer = broker.producer(AUDIT_COMMITTED_QUEUE);
    this.#requesterKey = context.keys.derive('requester');
  }

  /** Says that rows of the plane's tenant were committed. */
  committed(tenantId: string, rows: readonly AppendedRow[]): void {
    if (rows.length === 0) return;
    this.touched();
    for (const { record, personal } of rows)
      this.#waiting.push(auditFactOf(record, personal, this.#requesterKey));
    if (this.#waiting.length >= MOST_FACTS) this.#send(tenantId);
    else {
      this.#timer ??= setTimeout(() => {
        this.#send(tenantId);
      }, GATHER_MS).unref();
    }
  }

  /** Wakes the streams of this process: another writer may have committed. */
  touched(): void {
    this.#local.emit('committed');
  }

  /** Resolves at the next commit, after `timeoutMs`, or when the signal aborts. */
  next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#local.off('committed', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#local.once('committed', done);
      signal.addEventListener('abort', done, { once: true });
      if (signal.aborted) done();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #send(tenantId: string): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const facts = this.#waiting.sort((a, b) => a.seq - b.seq);
    this.#waiting = [];
    this.#producer.add({ tenant_id: tenantId, facts }).catch((error: unknown) => {
      const message = 'audit: behavior-monitor could not be told; its sweep will see';
      this.context.log.warn({ err: error }, message);
    });
  }
}
