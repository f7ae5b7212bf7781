import { EventEmitter } from 'node:events';
import { AUDIT_COMMITTED_QUEUE } from '@behavry/contracts';
import type { QueueBroker, QueueProducer, ServiceContext } from '@behavry/platform';

const AT_MOST_EVERY_MS = 100;

/**
 * Wakes those who follow the chain: streams of this process at once, behavior-monitor over its queue at
 * most ten times a second. Both have cursors of their own, so a lost wake costs only time.
 */
export class CommitWakes {
  readonly #local = new EventEmitter().setMaxListeners(0);
  readonly #waiting = new Map<string, number>();
  readonly #producer: QueueProducer<{ tenant_id: string; seq: number }>;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly context: ServiceContext,
    broker: QueueBroker,
  ) {
    this.#producer = broker.producer(AUDIT_COMMITTED_QUEUE);
  }

  /** Says that rows of a tenant were committed up to `seq`. */
  committed(tenantId: string, seq: number): void {
    this.#local.emit('committed');
    this.#waiting.set(tenantId, Math.max(seq, this.#waiting.get(tenantId) ?? 0));
    this.#timer ??= setTimeout(() => {
      this.#send();
    }, AT_MOST_EVERY_MS).unref();
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

  #send(): void {
    this.#timer = undefined;
    for (const [tenantId, seq] of this.#waiting) {
      this.#producer
        .add({ tenant_id: tenantId, seq }, { jobId: `${tenantId}-${String(seq)}` })
        .catch((error: unknown) => {
          this.context.log.warn(
            { err: error },
            'audit: behavior-monitor could not be woken; its sweep will see',
          );
        });
    }
    this.#waiting.clear();
  }
}
