import type { Logger } from '@behavry/platform';

/** A store that takes longer is as good as none: calls wait for it. */
const ANSWER_MS = 250;
/** Time to connect, before there are calls. */
const START_MS = 5_000;
/** Time is counted in steps: when the loop was held, an answer may be there and not be read yet. */
const STEP_MS = 25;
const RETRY_MS = 1_000;

export interface StoreWatchOptions {
  /** A question that shows whether the store answers; also what it has missed may be told to it. */
  readonly probe: () => Promise<unknown>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** What the log says when the store does not answer, and when it does again. */
  readonly lost: string;
  readonly found: string;
}

/** Asks a store for as long as it answers; when it does not, looks every second whether it does again. */
export class StoreWatch {
  #isThere = true;
  #isClosed = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(private readonly options: StoreWatchOptions) {}

  get isThere(): boolean {
    return this.#isThere;
  }

  /** @returns undefined when the store is away; what it did unheard is not known. Never rejects */
  async ask<T>(question: () => Promise<T>, ms: number = ANSWER_MS): Promise<T | undefined> {
    try {
      return await inTime(question(), ms);
    } catch (error) {
      this.#lose(error);
      return undefined;
    }
  }

  /** Connects. */
  start(): Promise<void> {
    return this.#look(START_MS);
  }

  async #look(ms: number): Promise<void> {
    const { probe, log, found } = this.options;
    const isAnswered = await this.ask(async () => {
      await probe();
      return true;
    }, ms);
    if (isAnswered === undefined) return;
    if (!this.#isThere) log.info(found);
    this.#isThere = true;
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#retry);
  }

  #lose(error: unknown): void {
    const { log, lost } = this.options;
    if (this.#isThere && !this.#isClosed) log.warn({ err: error }, lost);
    this.#isThere = false;
    clearTimeout(this.#retry);
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => void this.#look(ANSWER_MS), RETRY_MS);
    this.#retry.unref();
  }
}

function inTime<T>(answer: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    let left = ms / STEP_MS;
    const timer = setInterval(() => {
      left -= 1;
      if (left > 0) return;
      clearInterval(timer);
      reject(new Error(`no answer in ${String(ms)} ms`));
    }, STEP_MS);
    answer.then(resolve, reject).finally(() => {
      clearInterval(timer);
    });
  });
}
