import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { answerHeaders, forwardedHeaders } from './forwarded-headers';
import type { Exchange } from './problem';

/** A body up to this size, in bytes, is gathered and sent with its head in one write; a larger one is streamed. */
const GATHERED_BYTES = 64 * 1024;

/**
 * Sends a request on to an app and its answer back, both streamed, each side as fast as the other reads.
 * The client's end of the connection ends the call; an answer that breaks off is broken off here too.
 * @param stalledMs a client that takes nothing of an answer for so long is let go
 * @param onFailure called when the app gave no answer and the client still waits for one
 */
export function forward(
  exchange: Exchange,
  app: Dispatcher,
  { stalledMs, onFailure }: { readonly stalledMs: number; readonly onFailure: () => void },
): void {
  const { request, response } = exchange;
  const length = request.headers['content-length'];
  const mayHaveBody = request.method !== 'GET' && request.method !== 'HEAD';
  const hasBody = mayHaveBody && (length !== undefined || request.headers['transfer-encoding'] !== undefined);
  const send = (body: Buffer | AsyncIterable<Buffer> | null): void => {
    if (response.destroyed) return;
    app.dispatch(
      {
        path: request.url ?? '/',
        method: request.method as Dispatcher.HttpMethod,
        headers: forwardedHeaders(request, hasBody),
        // A generator, because a stream would be destroyed with the call, and the client's connection with it.
        body: body as Buffer | null,
      },
      new Answer(response, stalledMs, onFailure),
    );
  };
  if (!hasBody) {
    send(null);
    return;
  }
  // An app may answer before it has read all of a body. What still comes is thrown away then: unread, it would stand in
  // the way of whatever comes next on the same connection.
  response.once('finish', () => request.on('data', () => undefined).resume());
  if (length !== undefined && Number(length) <= GATHERED_BYTES) gather(request, send);
  else send(request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
}

function gather(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => done(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
}

/** What an app answers, written to the client as it comes. */
class Answer implements Dispatcher.DispatchHandler {
  #app: Dispatcher.DispatchController | undefined;
  #stalled: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly stalledMs: number,
    private readonly onFailure: () => void,
  ) {
    response.once('close', () => {
      clearTimeout(this.#stalled);
      if (!response.writableFinished) this.#app?.abort(new Error('the client has gone'));
    });
  }

  onRequestStart(app: Dispatcher.DispatchController): void {
    this.#app = app;
    if (this.response.destroyed) app.abort(new Error('the client has gone'));
  }

  onResponseStart(_app: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    if (status < 200) return;
    this.response.writeHead(status, answerHeaders(headers));
    // An event stream may stay silent: its client must still learn that it is open.
    if (headers['content-length'] === undefined) this.response.flushHeaders();
  }

  onResponseData(app: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.response.write(chunk)) return;
    app.pause();
    this.#stalled = setTimeout(() => this.response.destroy(), this.stalledMs);
    this.response.once('drain', () => {
      clearTimeout(this.#stalled);
      app.resume();
    });
  }

  onResponseEnd(): void {
    this.response.end();
  }

  onResponseError(): void {
    if (this.response.destroyed) return;
    if (this.response.headersSent) this.response.destroy();
    else this.onFailure();
  }
}
