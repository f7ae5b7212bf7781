import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** A request to a peer of ours; the body is sent as it is. */
export interface OutgoingRequest {
  /** Where it goes, when the dispatcher leads to more than one place. */
  readonly origin?: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | null;
  /** How long the peer may take to begin its answer, and to go on with it, in ms. */
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Largest whole answer, in bytes. */
  readonly maxBytes: number;
  /** Ends the request, wherever it is. */
  readonly signal?: AbortSignal;
  /** Bound for the request as a whole, also while it waits for a connection, in ms. */
  readonly deadlineMs?: number;
  /** Whether an answer is read piece by piece; any other is read whole. */
  readonly isStream?: (statusCode: number, headers: IncomingHttpHeaders) => boolean;
}

export interface IncomingResponse {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
  /** The whole answer, or its pieces, which whoever does not read them to their end destroys. */
  readonly body: Buffer | Readable;
}

/** An answer is larger than this plane takes at once. */
export class AnswerTooLargeError extends Error {
  readonly code = 'ANSWER_TOO_LARGE';
}

/** The whole of a request took longer than it may. */
export class DeadlineError extends Error {
  readonly code = 'DEADLINE';
}

/**
 * Sends a request with no more between us and the connection than has to be: half the processor time of
 * `Pool.request`, whose answers are streams even where two hundred bytes come (docs/benchmarks.md).
 * @throws AnswerTooLargeError, DeadlineError, or what the connection fails with
 */
export function sendRequest(pool: Dispatcher, request: OutgoingRequest): Promise<IncomingResponse> {
  const { origin, method, path, headers, body, headersTimeout, bodyTimeout } = request;
  return new Promise((resolve, reject) => {
    pool.dispatch(
      {
        ...(origin === undefined ? {} : { origin }),
        method,
        path,
        headers,
        body,
        headersTimeout,
        bodyTimeout,
      },
      new ResponseReader(request, resolve, reject),
    );
  });
}

class ResponseReader implements Dispatcher.DispatchHandler {
  #controller: Dispatcher.DispatchController | undefined;
  #statusCode = 0;
  #headers: IncomingHttpHeaders = {};
  readonly #chunks: Buffer[] = [];
  #size = 0;
  #stream: Readable | undefined;
  #ended: Error | undefined;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly request: OutgoingRequest,
    private readonly resolve: (response: IncomingResponse) => void,
    private readonly reject: (error: Error) => void,
  ) {
    const { signal, deadlineMs } = request;
    if (deadlineMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.#end(new DeadlineError('no whole answer came in time'));
      }, deadlineMs);
    }
    if (signal?.aborted === true) this.#abort();
    else signal?.addEventListener('abort', this.#abort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#ended) controller.abort(this.#ended);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (statusCode < 200) return; // a hint before the answer
    this.#statusCode = statusCode;
    this.#headers = headers;
    if (this.request.isStream?.(statusCode, headers) !== true) return;
    this.#stream = new Readable({
      read: () => {
        controller.resume();
      },
      destroy: (error, done) => {
        this.#over();
        if (!controller.aborted) controller.abort(error ?? new Error('nobody reads the answer'));
        done(error);
      },
    });
    this.resolve({ statusCode, headers, body: this.#stream });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#stream) {
      if (!this.#stream.push(chunk)) controller.pause();
      return;
    }
    this.#size += chunk.length;
    if (this.#size > this.request.maxBytes) {
      controller.abort(new AnswerTooLargeError('an answer is larger than this plane takes'));
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.#over();
    if (this.#stream) {
      this.#stream.push(null);
      return;
    }
    const [first] = this.#chunks;
    const body = this.#chunks.length === 1 && first ? first : Buffer.concat(this.#chunks, this.#size);
    this.resolve({ statusCode: this.#statusCode, headers: this.#headers, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    if (this.#stream) this.#stream.destroy(error);
    else this.reject(error);
  }

  readonly #abort = (): void => {
    this.#end(new Error('the exchange is over'));
  };

  /** From outside: whoever waits hears of it at once, also when the request has no connection yet. */
  #end(error: Error): void {
    this.#ended = error;
    this.#over();
    if (this.#controller) this.#controller.abort(error);
    else this.reject(error);
  }

  #over(): void {
    clearTimeout(this.#timer);
    this.request.signal?.removeEventListener('abort', this.#abort);
  }
}
