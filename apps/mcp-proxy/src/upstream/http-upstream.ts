import type { IncomingHttpHeaders } from 'node:http';
import { sendRequest, type IncomingResponse } from '@behavry/pipeline';
import { mediaTypeOf } from '@behavry/proxy';
import type { Pool } from 'undici';
import { sseEvents } from './sse-events';
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
      if (isEventStream(response.statusCode, response.headers)) return this.#read(response, options.signal);
      return response.statusCode === 404 && this.#sessionId !== undefined
        ? { kind: 'session_lost' }
        : { kind: 'unsupported' };
    });
  }

  async close(): Promise<void> {
    if (this.#sessionId === undefined) return;
    const signal = AbortSignal.timeout(2_000);
    await this.#guarded(signal, async () => {
      await this.#request(
        'DELETE',
        null,
        { signal, protocolVersion: this.#version, trace: {}, requestId: undefined },
        2_000,
      );
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
  ): Promise<IncomingResponse> {
    this.#version = protocolVersion ?? this.#version;
    // Nothing of the agent's request is copied but what is named here; above all not its token.
    return sendRequest(this.#options.pool, {
      path: this.#options.path,
      method,
      body,
      signal,
      headersTimeout: this.#options.timeoutMs,
      bodyTimeout: idleMs,
      maxBytes: this.#options.maxBytes,
      isStream: isEventStream,
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

  #read({ statusCode, headers, body }: IncomingResponse, signal: AbortSignal): UpstreamAnswer {
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      if (!Buffer.isBuffer(body)) body.destroy();
      return { kind: 'failed', fault: 'upstream_error' };
    }
    if (!Buffer.isBuffer(body)) return { kind: 'events', events: this.#events(body, signal) };
    if (statusCode === 404 && this.#sessionId !== undefined) {
      this.#sessionId = undefined;
      return { kind: 'session_lost' };
    }
    if (statusCode === 202 || statusCode === 204) return { kind: 'accepted' };
    // A JSON-RPC error may come with any status; what is no JSON is read by nobody.
    return mediaTypeOf(headers['content-type']).endsWith('json')
      ? { kind: 'message', text: body.toString('utf8') }
      : { kind: 'failed', fault: 'upstream_error' };
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

function isEventStream(statusCode: number, headers: IncomingHttpHeaders): boolean {
  return statusCode === 200 && mediaTypeOf(headers['content-type']) === 'text/event-stream';
}
