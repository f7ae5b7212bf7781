import type { Pool } from 'undici';
import { sseEvents, StreamTooLargeError } from './sse-events';
import type { SendOptions, UpstreamAnswer, UpstreamSession } from './upstream-session';

export interface HttpUpstreamOptions {
  readonly pool: Pool;
  /** Path and query on the pool's origin. */
  readonly path: string;
  /** Headers that the registry configures, references resolved. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the upstream may be silent. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

type Method = 'POST' | 'GET' | 'DELETE';
type Response = Awaited<ReturnType<Pool['request']>>;

// A stream that a server opens to tell news may stay silent for long; keep-alives count as signs of life.
const LISTEN_IDLE_MS = 10 * 60_000;

/** A session with a server that speaks Streamable HTTP (MCP 2025-03-26 … 2025-11-25). */
export class HttpUpstream implements UpstreamSession {
  readonly #options: HttpUpstreamOptions;
  #sessionId: string | undefined;
  #version: string | undefined;

  constructor(options: HttpUpstreamOptions) {
    this.#options = options;
  }

  async send(text: string | Uint8Array, options: SendOptions): Promise<UpstreamAnswer> {
    return this.#guarded(options.signal, async () => {
      const response = await this.#request('POST', text, options, this.#options.timeoutMs);
      const id = response.headers['mcp-session-id'];
      if (typeof id === 'string') this.#sessionId = id;
      return this.#read(response, options.signal);
    });
  }

  async listen(lastEventId: string | undefined, options: SendOptions): Promise<UpstreamAnswer> {
    return this.#guarded(options.signal, async () => {
      const resume: Record<string, string> =
        lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const response = await this.#request('GET', null, options, LISTEN_IDLE_MS, resume);
      if (response.statusCode === 200 && isEventStream(response)) return this.#read(response, options.signal);
      await response.body.dump();
      return response.statusCode === 404 && this.#sessionId !== undefined
        ? { kind: 'session_lost' }
        : { kind: 'unsupported' };
    });
  }

  async close(): Promise<void> {
    if (this.#sessionId === undefined) return;
    const signal = AbortSignal.timeout(2_000);
    await this.#guarded(signal, async () => {
      const response = await this.#request(
        'DELETE',
        null,
        { signal, protocolVersion: this.#version, trace: {}, requestId: undefined },
        2_000,
      );
      await response.body.dump();
      return { kind: 'accepted' };
    });
    this.#sessionId = undefined;
  }

  #request(
    method: Method,
    body: string | Uint8Array | null,
    { signal, protocolVersion, trace }: SendOptions,
    idleMs: number,
    more: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    this.#version = protocolVersion ?? this.#version;
    // Nothing of the agent's request is copied but what is named here; above all not its token.
    return this.#options.pool.request({
      path: this.#options.path,
      method,
      body,
      signal,
      headersTimeout: this.#options.timeoutMs,
      bodyTimeout: idleMs,
      headers: {
        ...this.#options.headers,
        ...trace,
        ...more,
        accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
        'accept-encoding': 'identity',
        'user-agent': 'behavry-mcp-proxy',
        ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(protocolVersion === undefined ? {} : { 'mcp-protocol-version': protocolVersion }),
        ...(this.#sessionId === undefined ? {} : { 'mcp-session-id': this.#sessionId }),
      },
    });
  }

  async #read(response: Response, signal: AbortSignal): Promise<UpstreamAnswer> {
    const { statusCode, headers, body } = response;
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      await body.dump();
      return { kind: 'failed', fault: 'upstream_error' };
    }
    if (statusCode === 404 && this.#sessionId !== undefined) {
      this.#sessionId = undefined;
      await body.dump();
      return { kind: 'session_lost' };
    }
    if (statusCode === 202 || statusCode === 204) {
      await body.dump();
      return { kind: 'accepted' };
    }
    if (statusCode === 200 && isEventStream(response)) {
      return { kind: 'events', events: this.#events(body, signal) };
    }
    // A JSON-RPC error may come with any status; what is no JSON is read by nobody.
    if (!mediaTypeOf(headers['content-type']).endsWith('json')) {
      await body.dump();
      return { kind: 'failed', fault: 'upstream_error' };
    }
    return { kind: 'message', text: await this.#text(body) };
  }

  async #text(body: AsyncIterable<Buffer>): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > this.#options.maxBytes) throw new StreamTooLargeError();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size).toString('utf8');
  }

  async *#events(body: AsyncIterable<Buffer>, signal: AbortSignal): ReturnType<typeof sseEvents> {
    for await (const event of sseEvents(body, this.#options.maxBytes)) {
      if (signal.aborted) return;
      yield event;
    }
  }

  async #guarded(signal: AbortSignal, work: () => Promise<UpstreamAnswer>): Promise<UpstreamAnswer> {
    try {
      return await work();
    } catch (error) {
      return { kind: 'failed', fault: faultOf(error, signal) };
    }
  }
}

/** @returns what a failed exchange with an upstream is called */
export function faultOf(
  error: unknown,
  signal: AbortSignal,
): 'client_aborted' | 'upstream_timeout' | 'upstream_error' {
  if (signal.aborted) return 'client_aborted';
  const { code } = error as NodeJS.ErrnoException;
  const isTimeout =
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT' ||
    code === 'UND_ERR_CONNECT_TIMEOUT';
  return isTimeout ? 'upstream_timeout' : 'upstream_error';
}

function isEventStream({ headers }: Response): boolean {
  return mediaTypeOf(headers['content-type']) === 'text/event-stream';
}

function mediaTypeOf(header: string | string[] | undefined): string {
  const [first] = [header].flat();
  return (first?.split(';', 1)[0] ?? '').trim().toLowerCase();
}
