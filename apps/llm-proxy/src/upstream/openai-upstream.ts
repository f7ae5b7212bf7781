import { parseStrictJson } from '@behavry/domain';
import type { UpstreamFault } from '@behavry/pipeline';
import { Pool } from 'undici';

export interface OpenAiUpstreamOptions {
  /** For example `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** How long it may be silent. */
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly connections: number;
  readonly maxAnswerBytes: number;
}

export interface ChatSend {
  readonly body: string | Uint8Array;
  /** Provider key; undefined sends none. */
  readonly key: string | undefined;
  /** Headers of the agent that may go on, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly isStream: boolean;
  readonly signal: AbortSignal;
}

/** Bytes of a stream; destroyed by whoever does not read it to its end. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  destroy(): unknown;
}

export type UpstreamAnswer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes: Buffer;
      readonly value: unknown;
    }
  | { readonly kind: 'events'; readonly headers: Readonly<Record<string, string>>; readonly body: AnswerBody }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

type Response = Awaited<ReturnType<Pool['request']>>;

/** What of an answer's headers is for the agent. */
const ANSWER_HEADER =
  /^(openai-(version|processing-ms|organization)|x-ratelimit-[a-z-]{1,64}|retry-after(-ms)?|x-should-retry)$/;
const MAX_HEADER_LENGTH = 256;
const MAX_DEPTH = 64;

/** The one connection pool to a provider that speaks OpenAI's API. */
export class OpenAiUpstream {
  readonly #options: OpenAiUpstreamOptions;
  readonly #pool: Pool;
  readonly #path: string;

  constructor(options: OpenAiUpstreamOptions) {
    const { origin, pathname } = new URL(options.baseUrl);
    this.#options = options;
    this.#path = `${pathname.replace(/\/+$/, '')}/chat/completions`;
    this.#pool = new Pool(origin, {
      connections: options.connections,
      pipelining: 1,
      connect: { timeout: options.connectTimeoutMs },
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    });
  }

  /** Never throws for what the provider does. Redirects are not followed: the key stays with its host. */
  async chat(send: ChatSend): Promise<UpstreamAnswer> {
    try {
      const response = await this.#pool.request({
        path: this.#path,
        method: 'POST',
        body: send.body,
        signal: send.signal,
        headers: {
          ...send.headers,
          'content-type': 'application/json',
          accept: send.isStream ? 'text/event-stream, application/json' : 'application/json',
          'accept-encoding': 'identity',
          'user-agent': 'behavry-llm-proxy',
          ...(send.key === undefined ? {} : { authorization: `Bearer ${send.key}` }),
        },
      });
      // A body that is given up says so by an event that nobody needs; unheard, it would end the process.
      response.body.on('error', () => undefined);
      return await this.#read(response, send);
    } catch (error) {
      return { kind: 'failed', fault: faultOf(error, send.signal) };
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #read({ statusCode, headers, body }: Response, { isStream }: ChatSend): Promise<UpstreamAnswer> {
    const encoding = headers['content-encoding'];
    const type = mediaTypeOf(headers['content-type']);
    const isReadable = encoding === undefined || encoding === 'identity';
    if (isReadable && isStream && statusCode === 200 && type === 'text/event-stream') {
      return { kind: 'events', headers: answerHeaders(headers), body };
    }
    const bytes =
      isReadable && type === 'application/json' && !isRedirect(statusCode)
        ? await this.#bytes(body)
        : undefined;
    if (!bytes) {
      body.destroy();
      return { kind: 'failed', fault: 'upstream_error' };
    }
    const parsed = parseStrictJson(bytes, { maxBytes: this.#options.maxAnswerBytes, maxDepth: MAX_DEPTH });
    if (!parsed.ok) return { kind: 'failed', fault: 'upstream_error' };
    return { kind: 'json', status: statusCode, headers: answerHeaders(headers), bytes, value: parsed.value };
  }

  async #bytes(body: AsyncIterable<Buffer>): Promise<Buffer | undefined> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of body) {
      size += chunk.length;
      if (size > this.#options.maxAnswerBytes) return undefined;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  }
}

/** @returns what a failed exchange with a provider is called */
export function faultOf(error: unknown, signal: AbortSignal): UpstreamFault {
  if (signal.aborted) return 'client_aborted';
  const { code } = error as NodeJS.ErrnoException;
  const isTimeout =
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT' ||
    code === 'UND_ERR_CONNECT_TIMEOUT';
  return isTimeout ? 'upstream_timeout' : 'upstream_error';
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}

function answerHeaders(headers: Response['headers']): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string' && value.length <= MAX_HEADER_LENGTH && ANSWER_HEADER.test(name))
      kept[name] = value;
  }
  return kept;
}

function mediaTypeOf(header: string | string[] | undefined): string {
  const [first] = [header].flat();
  return (first?.split(';', 1)[0] ?? '').trim().toLowerCase();
}
