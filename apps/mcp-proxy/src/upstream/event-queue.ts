import type { UpstreamEvent } from './upstream-session';

/** No event came for too long. */
export class SilenceError extends Error {
  readonly code = 'UND_ERR_BODY_TIMEOUT';
}

export interface EventQueueOptions {
  /** Longest wait for the next event; undefined waits for ever. */
  readonly silenceMs: number | undefined;
  readonly signal: AbortSignal;
  /** Told how the size of what waits here changes, in characters. */
  readonly onHeld: (change: number) => void;
  /** Called once; `isAnswered` when the sender ended it, false when the reader left or waited in vain. */
  readonly onEnd: (isAnswered: boolean) => void;
}

/** Events of one request on their way from a process to the one who reads them. */
export class EventQueue implements AsyncIterableIterator<UpstreamEvent> {
  #events: UpstreamEvent[] = [];
  #held = 0;
  readonly #options: EventQueueOptions;
  #wake: () => void = () => undefined;
  #isFinished = false;
  #hasEnded = false;
  #error: Error | undefined;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => void this.return(), { once: true });
  }

  /** Characters that wait to be read. */
  get held(): number {
    return this.#held;
  }

  push(event: UpstreamEvent): void {
    if (this.#isFinished) return;
    this.#events.push(event);
    this.#hold(event.text.length);
    this.#wake();
  }

  /** No more events will come; what is there may be read. */
  finish(): void {
    this.#isFinished = true;
    this.#end(true);
    this.#wake();
  }

  /** What is there may be read, then the reader gets the error. */
  fail(error: Error): void {
    this.#error = error;
    this.finish();
  }

  /** Forgets what is there; the reader gets the error at once. */
  drop(error: Error): void {
    this.#forget();
    this.fail(error);
  }

  async next(): Promise<IteratorResult<UpstreamEvent>> {
    for (;;) {
      const event = this.#events.shift();
      if (event) {
        this.#hold(-event.text.length);
        return { done: false, value: event };
      }
      if (this.#options.signal.aborted) return this.return();
      if (this.#error !== undefined) throw this.#error;
      if (this.#isFinished) return { done: true, value: undefined };
      await this.#wait();
    }
  }

  return(): Promise<IteratorResult<UpstreamEvent>> {
    this.#forget();
    this.#end(this.#isFinished);
    this.#isFinished = true;
    this.#wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #wait(): Promise<void> {
    const { silenceMs } = this.#options;
    await new Promise<void>((resolve) => {
      const timer =
        silenceMs === undefined
          ? undefined
          : setTimeout(() => {
              this.#error = new SilenceError('no event came in time');
              this.#end(false);
              resolve();
            }, silenceMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  #forget(): void {
    this.#events = [];
    this.#hold(-this.#held);
  }

  #hold(change: number): void {
    this.#held += change;
    if (change !== 0) this.#options.onHeld(change);
  }

  #end(isAnswered: boolean): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.onEnd(isAnswered);
  }
}
