import type { AuditEventsPayload } from '@behavry/contracts';
import type { FileSpool } from './file-spool';

/** The sending end of the audit queue. */
export interface QueueProducer<Payload> {
  /** @throws when the queue cannot take it now */
  add(payload: Payload, options?: { readonly jobId?: string }): Promise<void>;
}

export interface SpoolSenderOptions {
  readonly spool: FileSpool;
  readonly producer: QueueProducer<AuditEventsPayload>;
  readonly onFailure: (error: unknown) => void;
  /** Entries in a batch at most. */
  readonly batchSize?: number;
  /** Size of a batch's entries at most, in bytes; one entry always goes. */
  readonly batchBytes?: number;
  /** A batch that nobody acknowledged for so long is sent again. */
  readonly resendMs?: number;
  /** Batches that are not full leave at most this often: what a batch costs is shared by what it holds. */
  readonly gatherMs?: number;
}

/**
 * Sends a spool's entries over the audit queue, one batch in flight, and trims the spool when the writer
 * acknowledges. A batch may arrive twice; the writer skips positions it has.
 */
export class SpoolSender {
  readonly #options: Required<SpoolSenderOptions>;
  #acknowledged: number;
  #running: Promise<void> | undefined;
  #wake: () => void = () => undefined;
  #isStopped = false;

  constructor(options: SpoolSenderOptions) {
    this.#options = {
      batchSize: 400,
      batchBytes: 1_000_000,
      resendMs: 5_000,
      gatherMs: 200,
      ...options,
    };
    this.#acknowledged = options.spool.oldest - 1;
    options.spool.onDurable(() => {
      this.#wake();
    });
  }

  /** Begins to send. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** The writer's word: every position up to this one is stored. */
  acknowledge(position: number): void {
    if (position <= this.#acknowledged) return;
    this.#acknowledged = position;
    this.#options.spool.acknowledge(position).catch(this.#options.onFailure);
    this.#wake();
  }

  /** Stops sending; what is left is sent after the next start. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { spool, resendMs, onFailure, batchSize, gatherMs } = this.#options;
    let attempt = 0;
    let tried = 0;
    let sentAt = -Infinity;
    while (!this.#isStopped) {
      const first = this.#acknowledged + 1;
      if (first > spool.last) {
        await this.#sleep(undefined);
        continue;
      }
      const isFull = (): boolean => spool.last - this.#acknowledged >= batchSize;
      const gatherFor = sentAt + gatherMs - performance.now();
      if (gatherFor > 0 && !isFull()) {
        await this.#sleep(gatherFor, isFull);
        continue;
      }
      attempt = tried === first ? attempt + 1 : 0;
      tried = first;
      try {
        sentAt = performance.now();
        const last = await this.#send(first, attempt);
        await this.#sleep(resendMs, () => this.#acknowledged >= last);
      } catch (error) {
        onFailure(error);
        await this.#sleep(
          Math.min(resendMs, 250 * 2 ** Math.min(attempt, 5)),
          () => this.#acknowledged >= first,
        );
      }
    }
  }

  async #send(first: number, attempt: number): Promise<number> {
    const { spool, producer, batchSize, batchBytes } = this.#options;
    const entries = within(batchBytes, await spool.read(first, batchSize));
    if (entries.length === 0) throw new Error(`spool position ${String(first)} cannot be read`);
    const last = first + entries.length - 1;
    // A queue that keeps a failed job would swallow the same id.
    const again = attempt === 0 ? '' : `-r${String(attempt)}`;
    await producer.add(
      { spool_id: spool.id, first, last, entries: `[${entries.join(',')}]` },
      { jobId: `${spool.id}-${String(first)}-${String(last)}${again}` },
    );
    return last;
  }

  /** Waits until woken (and `isDone`, when given) or for `ms`. */
  async #sleep(ms: number | undefined, isDone: () => boolean = () => true): Promise<void> {
    if (this.#isStopped || (ms !== undefined && isDone())) return;
    await new Promise<void>((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms);
      this.#wake = () => {
        if (!this.#isStopped && !isDone()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }
}

/** @returns as many texts from the first on as fit, at least one */
function within(maxBytes: number, texts: readonly string[]): readonly string[] {
  let bytes = 0;
  const end = texts.findIndex((text, index) => (bytes += Buffer.byteLength(text)) > maxBytes && index > 0);
  return end < 0 ? texts : texts.slice(0, end);
}
