import { FairQueue } from '../adapters/limits/fair-queue';
import type { Scan } from '../scan/scan';
import { refuse, type Refusal } from '../exchange/refusal';
import { within } from '../exchange/trace';
import type { Span } from '../ports/ports';
import type { Judges } from './examine';
import { WorkerThread, type JobFault } from './worker-thread';

/** Messages above this are read and scanned in a thread: up to it, the worst holds the event loop for about 5 ms. */
export const LARGE_BYTES = 16 * 1024;

/** What threads do, by name. Inputs and results are copied; their own byte members are handed over. */
export type Jobs = Readonly<Record<string, (input: never, judges: Judges) => object>>;

/** For whom something is done, and how much it is. */
export interface JobOrder {
  readonly agentId: string;
  readonly scan: Scan;
  /** Size of the message, in bytes or characters: more takes longer. */
  readonly size: number;
  /** What goes up may be refused when too much of it waits; what comes back was paid for and waits its turn. */
  readonly direction: 'outbound' | 'inbound';
  /** Of the exchange, when it is traced. */
  readonly span?: Span | undefined;
}

export type JobResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };

export interface WorkerPoolOptions {
  /** JavaScript that calls `serveJobs`. */
  readonly file: string;
  /** Key of the plane's digests. */
  readonly digestKey: Buffer;
  readonly threads: number;
  /** Called for each job that did not come back. */
  readonly onFault: (fault: JobFault) => void;
  /** Longest time for a job without its size; default 2 s. */
  readonly limitMs?: number;
}

/** What may wait of one agent, or one message of any size. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const LIMIT_MS = 2_000;
const MS_PER_BYTE = 1 / 1_000;

interface Waiting extends JobOrder {
  readonly name: string;
  readonly input: object;
  readonly done: (result: JobResult<object>) => void;
}

/**
 * Reads large messages beside the event loop, agent by agent in turn. Of one agent one is read at a time, and the next
 * after as long again: whoever floods it has half a thread and not the machine. Threads start when they are needed.
 */
export class WorkerPool<J extends Jobs> {
  readonly #options: WorkerPoolOptions;
  readonly #waiting = new FairQueue<Waiting>();
  readonly #idle: WorkerThread[] = [];
  readonly #busy = new Set<WorkerThread>();
  /** Agents of whom one is being read, or was just now. */
  readonly #served = new Set<string>();
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /** Never throws: what cannot be read is refused. The bytes in `input` are gone afterwards, unless they come back. */
  async run<K extends keyof J & string>(
    name: K,
    input: Parameters<J[K]>[0] & object,
    order: JobOrder,
  ): Promise<JobResult<ReturnType<J[K]>>> {
    if (order.direction === 'outbound' && this.#isTooMuch(order)) return { ok: false, refusal: BUSY };
    if (this.#isClosed) return { ok: false, refusal: refusalOf(order) };
    const result = new Promise<JobResult<object>>((done) => {
      this.#waiting.add(order.agentId, { ...order, name, input, done });
      this.#next();
    });
    return (await within(order.span?.start(`thread ${name}`), result)) as JobResult<ReturnType<J[K]>>;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (let one = this.#waiting.take(); one; one = this.#waiting.take())
      one.done({ ok: false, refusal: refusalOf(one) });
    await Promise.all([...this.#idle.splice(0), ...this.#busy].map((thread) => thread.close()));
  }

  #isTooMuch({ agentId, size }: JobOrder): boolean {
    const waiting = this.#waiting.waiting(agentId);
    return waiting.length > 0 && waiting.reduce((sum, one) => sum + one.size, size) > MAX_WAITING_BYTES;
  }

  #next(): void {
    if (this.#isClosed || this.#busy.size >= this.#options.threads) return;
    const waiting = this.#waiting.take((agentId) => this.#served.has(agentId));
    if (!waiting) return;
    const thread =
      this.#idleThread() ?? new WorkerThread(this.#options.file, { digestKey: this.#options.digestKey });
    this.#busy.add(thread);
    this.#served.add(waiting.agentId);
    void this.#do(thread, waiting);
  }

  async #do(thread: WorkerThread, waiting: Waiting): Promise<void> {
    const { agentId, name, input, size, direction, done } = waiting;
    await thread.started;
    const begun = performance.now();
    const limitMs = (this.#options.limitMs ?? LIMIT_MS) + size * MS_PER_BYTE;
    const result = await thread.run(name, input, waiting, limitMs);
    this.#busy.delete(thread);
    setTimeout(() => {
      this.#served.delete(agentId);
      this.#next();
    }, performance.now() - begun).unref();
    if (!thread.isDead) this.#idle.push(thread);
    if ('fault' in result) {
      if (!this.#isClosed) this.#options.onFault(result.fault);
      done({ ok: false, refusal: refusalOf({ direction }) });
    } else {
      done({ ok: true, value: result.value });
    }
    this.#next();
  }

  #idleThread(): WorkerThread | undefined {
    for (let idle = this.#idle.pop(); idle; idle = this.#idle.pop()) if (!idle.isDead) return idle;
    return undefined;
  }
}

const BUSY = refuse(
  'concurrency_limited',
  'too many large messages of this agent wait to be read; send fewer at once',
  { retryAfterSeconds: 1 },
);
const UNREAD = refuse('input_too_large', 'the message is too large or too intricate to be read in time');
const UNREAD_RESULT = refuse(
  'result_too_large',
  'the result is too large or too intricate to be read in time',
);

function refusalOf({ direction }: Pick<JobOrder, 'direction'>): Refusal {
  return direction === 'outbound' ? UNREAD : UNREAD_RESULT;
}
