import type { UpstreamEvent } from './upstream-session';

/** No event came for too long. */
export class SilenceError extends Error {
  readonly code = 'UND_ERR_BODY_TIMEOUT';
}

/** Events of one request on their way from a process to the one who reads them. */
export class EventQueue implements AsyncIterableIterator<UpstreamEvent> {
  readonly #events: UpstreamEvent[] = [];
  readonly #silenceMs: number | undefined;
  readonly #signal: AbortSignal;
  #wake: () => void = () => undefined;
  #isFinished = false;
  #hasEnded = false;
  #error: unknown;
  /** Called once; `isAnswered` when the sender ended it, false when the reader left or waited in vain. */
  onEnd: (isAnswered: boolean) => void = () => undefined;

  /** @param silenceMs longest wait for the next event; undefined waits for ever */
  constructor(silenceMs: number | undefined, signal: AbortSignal) {
    this.#silenceMs = silenceMs;
    this.#signal = signal;
    signal.addEventListener(
      'abort',
      () => {
        this.#wake();
      },
      { once: true },
    );
  }

  push(event: UpstreamEvent): void {
    this.#events.push(event);
    this.#wake();
  }

  /** No more events will come. */
  finish(): void {
    this.#isFinished = true;
    this.#end(true);
    this.#wake();
  }

  /** What is there may be read, then the reader gets the error. */
  fail(error: unknown): void {
    this.#error = error;
    this.finish();
  }

  async next(): Promise<IteratorResult<UpstreamEvent>> {
    for (;;) {
      if (this.#signal.aborted) return this.return();
      const event = this.#events.shift();
      if (event) return { done: false, value: event };
      if (this.#error !== undefined) throw this.#error as Error;
      if (this.#isFinished) return { done: true, value: undefined };
      await this.#wait();
    }
  }

  return(): Promise<IteratorResult<UpstreamEvent>> {
    this.#end(this.#isFinished);
    this.#isFinished = true;
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer =
        this.#silenceMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#end(false);
              this.#error = new SilenceError('no event came in time');
              resolve();
            }, this.#silenceMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  #end(isAnswered: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.onEnd(isAnswered);
  }
}
