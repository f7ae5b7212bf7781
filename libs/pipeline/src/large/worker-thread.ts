import { Worker } from 'node:worker_threads';
import type { ScanSource } from '../scan/scan';
import type { JobOrder } from './worker-pool';

/** What a thread is asked. */
export interface JobMessage {
  readonly name: string;
  readonly input: object;
  readonly agentId: string;
  /** Only when it is another than the last time. */
  readonly scan: ScanSource | null;
}

export type JobReply = { readonly ok: true; readonly value: object } | { readonly ok: false };

/** `slow`: it took too long · `died`: the thread ended under it (memory, a defect) · `failed`: it threw. */
export type JobFault = 'slow' | 'died' | 'failed';

// A message that grows beyond this when it is read is refused, and the process lives on.
const MAX_HEAP_MB = 512;
const START_MS = 10_000;

/** What a thread says first. */
export const READY = 'ready';

/** One thread that does one job at a time. Once a job did not come back it is dead. */
export class WorkerThread {
  readonly #worker: Worker;
  /** Until it listens or is dead: its time begins then. */
  readonly started: Promise<void>;
  #scan: ScanSource | undefined;
  #settle: ((result: JobReply | JobFault) => void) | undefined;
  #isDead = false;

  /** @param data handed to the thread when it starts */
  constructor(file: string, data: object) {
    this.#worker = new Worker(file, {
      workerData: data,
      // Nothing in the environment is for it.
      env: {},
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB },
    });
    this.#worker.unref();
    let start = (): void => undefined;
    this.started = new Promise((resolve) => (start = resolve));
    const timer = setTimeout(() => void this.close(), START_MS).unref();
    this.#worker.on('message', (reply: JobReply | typeof READY) => {
      clearTimeout(timer);
      if (reply === READY) start();
      else this.#settle?.(reply);
    });
    for (const event of ['error', 'messageerror', 'exit']) {
      this.#worker.on(event, () => {
        this.#isDead = true;
        clearTimeout(timer);
        start();
        this.#settle?.('died');
      });
    }
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /**
   * To be called once `started`.
   * @param limitMs after which the thread is ended
   */
  async run(
    name: string,
    input: object,
    { agentId, scan: { source } }: Pick<JobOrder, 'agentId' | 'scan'>,
    limitMs: number,
  ): Promise<{ readonly value: object } | { readonly fault: JobFault }> {
    if (this.#isDead) return { fault: 'died' };
    const message: JobMessage = { name, input, agentId, scan: source === this.#scan ? null : source };
    const result = await new Promise<JobReply | JobFault>((resolve) => {
      const timer = setTimeout(() => {
        this.#settle?.('slow');
        void this.close();
      }, limitMs);
      this.#settle = (settled) => {
        clearTimeout(timer);
        this.#settle = undefined;
        resolve(settled);
      };
      try {
        this.#worker.postMessage(message, transferables(input));
        this.#scan = source;
      } catch {
        // What cannot be sent, such as bytes that were handed over before.
        this.#settle('failed');
      }
    });
    if (typeof result === 'string') return { fault: result };
    return result.ok ? { value: result.value } : { fault: 'failed' };
  }

  async close(): Promise<void> {
    this.#isDead = true;
    await this.#worker.terminate();
  }
}

/** @returns the memory of an object's byte members that can be handed over instead of copied */
export function transferables(object: object): ArrayBuffer[] {
  return Object.values(object).flatMap((member: unknown) =>
    member instanceof Uint8Array &&
    member.buffer instanceof ArrayBuffer &&
    member.byteLength === member.buffer.byteLength
      ? [member.buffer]
      : [],
  );
}
