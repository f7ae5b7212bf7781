import type { Exchange, UpstreamFault } from '@behavry/pipeline';
import { boundedBody } from '@behavry/platform';
import { faultOf, mediaTypeOf } from '@behavry/proxy';
import { Pool } from 'undici';
import type { Dialect, Endpoint } from '../dialects/dialect';

export interface ProviderUpstreamOptions {
  readonly dialect: Dialect;
  /** For example `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** How long it may be silent. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly connections: number;
  readonly maxAnswerBytes: number;
}

export interface UpstreamRequest {
  readonly endpoint: Endpoint;
  readonly body: string | Uint8Array;
  /** Provider key; undefined sends none. */
  readonly key: string | undefined;
  /** Headers of the agent that may go on, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly isStream: boolean;
}

/** Bytes of a stream; destroyed by whoever does not read it to its end. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  destroy(): unknown;
}

type Headers = Readonly<Record<string, string>>;

export type UpstreamAnswer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly headers: Headers;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'stream'; readonly headers: Headers; readonly body: AnswerBody }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

type Response = Awaited<ReturnType<Pool['request']>>;

const MAX_HEADER_LENGTH = 256;
const FAILED: UpstreamAnswer = { kind: 'failed', fault: 'upstream_error' };

/** The one connection pool to a provider. */
export class ProviderUpstream {
  readonly #options: ProviderUpstreamOptions;
  readonly #pool: Pool;
  readonly #basePath: string;

  constructor(options: ProviderUpstreamOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    this.#options = options;
    this.#basePath = pathname.replace(/\/+$/, '');
    this.#pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
  }

  /** Never throws for what the provider does. Redirects are not followed: the key stays with its host. */
  async send(exchange: Exchange, request: UpstreamRequest): Promise<UpstreamAnswer> {
    const { endpoint, body, key, headers, isStream } = request;
    const json = 'application/json';
    try {
      const response = await this.#pool.request({
        path: `${this.#basePath}${endpoint.path}`,
        method: endpoint.method,
        body: endpoint.method === 'GET' ? null : body,
        signal: exchange.signal,
        headers: {
          ...headers,
          ...(endpoint.method === 'GET' ? {} : { 'content-type': json }),
          accept: isStream ? `${endpoint.framing.contentType}, ${json}` : json,
          'accept-encoding': 'identity',
          'user-agent': 'behavry-llm-proxy',
          ...(exchange.traceUpstream === null ? {} : { traceparent: exchange.traceUpstream }),
          ...(key === undefined ? {} : this.#options.dialect.authorize(key)),
        },
      });
      // A body that is given up says so by an event that nobody needs; unheard, it would end the process.
      response.body.on('error', () => undefined);
      return await this.#read(response, request);
    } catch (error) {
      return { kind: 'failed', fault: faultOf(error, exchange) };
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #read(
    { statusCode: status, headers, body }: Response,
    { endpoint, isStream }: UpstreamRequest,
  ): Promise<UpstreamAnswer> {
    const { maxAnswerBytes } = this.#options;
    const encoding = headers['content-encoding'];
    const type = mediaTypeOf(headers['content-type']);
    const isReadable = encoding === undefined || encoding === 'identity';
    const { contentType, alsoType } = endpoint.framing;
    const isFramed = type === contentType || type === alsoType;
    if (isReadable && isStream && isSuccess(status) && isFramed) {
      return { kind: 'stream', headers: this.#passedHeaders(headers), body };
    }
    if (!isReadable || type !== 'application/json' || isRedirect(status)) {
      body.destroy();
      return FAILED;
    }
    const bytes = await boundedBody(body, maxAnswerBytes);
    return { kind: 'json', status, headers: this.#passedHeaders(headers), bytes };
  }

  #passedHeaders(headers: Response['headers']): Headers {
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      const isPlain = typeof value === 'string' && value.length <= MAX_HEADER_LENGTH;
      if (isPlain && this.#options.dialect.answerHeaders.test(name)) kept[name] = value;
    }
    return kept;
  }
}

/** @returns whether a status says that there is an answer, whatever the number is */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
