import type { Exchange, UpstreamFault } from '@behavry/pipeline';
import { boundedBody } from '@behavry/platform';
import { faultOf, mediaTypeOf } from '@behavry/proxy';
import type { Pool } from 'undici';
import type { Dialect, Endpoint } from '../dialects/dialect';

type Headers = Readonly<Record<string, string>>;

/** A request to one address. */
export interface Asked {
  readonly pool: Pool;
  /** Without a slash at its end. */
  readonly basePath: string;
  readonly dialect: Dialect;
  readonly endpoint: Endpoint;
  readonly body: string | Uint8Array;
  /** Headers of the agent that may go on, by lower-case name. */
  readonly headers: Headers;
  /** By which the address knows the key. */
  readonly authorization: Headers;
  readonly isStream: boolean;
  /** Whether the key is not for the agent to know: an answer that tells it is none. */
  readonly keepsKeyBack: boolean;
  readonly maxAnswerBytes: number;
}

/** Bytes of a stream; destroyed by whoever does not read it to its end. */
export interface AnswerBody extends AsyncIterable<Uint8Array> {
  destroy(): unknown;
}

export type UpstreamAnswer =
  | {
      readonly kind: 'json';
      readonly status: number;
      readonly headers: Headers;
      readonly bytes: Buffer;
    }
  | { readonly kind: 'stream'; readonly headers: Headers; readonly body: AnswerBody }
  | {
      readonly kind: 'failed';
      readonly fault: UpstreamFault;
      /** Whether there was an answer, which nobody could read to its end. */
      readonly isUnread?: boolean;
    };

/**
 * How a try went. `answered`, or `unreadable` after the address had begun to answer: nobody else is asked. `limited`
 * (429), `failed` (5xx, no connection), `timed_out` before an answer began: another may do better. `not_allowed`: the
 * plane's own lists keep this address from the call.
 */
export type TryOutcome =
  'answered' | 'unreadable' | 'limited' | 'failed' | 'timed_out' | 'not_allowed' | 'aborted';

export interface Try {
  readonly outcome: TryOutcome;
  readonly answer: UpstreamAnswer;
  /** Headers of an answer that says that another may do better. */
  readonly said?: Response['headers'];
  /** Why it is not allowed. */
  readonly reason?: string;
}

type Response = Awaited<ReturnType<Pool['request']>>;

const MAX_HEADER_LENGTH = 256;
const FAILED: UpstreamAnswer = { kind: 'failed', fault: 'upstream_error' };
const JSON_TYPE = 'application/json';

/** Never throws for what the provider does. Redirects are not followed: the key stays with its host. */
export async function askProvider(exchange: Exchange, asked: Asked): Promise<Try> {
  const { pool, basePath, endpoint, body, headers, authorization, isStream } = asked;
  let response: Response;
  try {
    response = await pool.request({
      path: `${basePath}${endpoint.path}`,
      method: endpoint.method,
      body: endpoint.method === 'GET' ? null : body,
      signal: exchange.signal,
      headers: {
        ...headers,
        ...(endpoint.method === 'GET' ? {} : { 'content-type': JSON_TYPE }),
        accept: isStream ? `${endpoint.framing.contentType}, ${JSON_TYPE}` : JSON_TYPE,
        'accept-encoding': 'identity',
        'user-agent': 'behavry-llm-proxy',
        ...(exchange.traceUpstream === null ? {} : { traceparent: exchange.traceUpstream }),
        ...authorization,
      },
    });
  } catch (error) {
    return unanswered(error, exchange);
  }
  // A body that is given up says so by an event that nobody needs; unheard, it would end the process.
  response.body.on('error', () => undefined);
  const outcome = outcomeOf(response.statusCode);
  const said = outcome === 'answered' ? {} : { said: response.headers };
  const isUnread = isSuccess(response.statusCode);
  try {
    const answer = await readAnswer(response, asked);
    if (answer.kind !== 'failed' || outcome !== 'answered') return { outcome, answer, ...said };
    return { outcome: 'unreadable', answer: { ...answer, isUnread }, ...said };
  } catch (error) {
    const fault = faultOf(error, exchange);
    if (fault === 'client_aborted') return { outcome: 'aborted', answer: { kind: 'failed', fault } };
    const lost = outcome === 'answered' ? 'unreadable' : outcome;
    return { outcome: lost, answer: { kind: 'failed', fault, isUnread }, ...said };
  }
}

/** @returns whether a status says that there is an answer, whatever the number is */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function unanswered(error: unknown, exchange: Exchange): Try {
  const fault = faultOf(error, exchange);
  const answer: UpstreamAnswer = { kind: 'failed', fault };
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'BEHAVRY_ADDRESS_REFUSED') return { outcome: 'not_allowed', answer, reason: message };
  if (fault === 'client_aborted') return { outcome: 'aborted', answer };
  return { outcome: fault === 'upstream_timeout' ? 'timed_out' : 'failed', answer };
}

function outcomeOf(status: number): 'answered' | 'limited' | 'failed' {
  if (status === 429) return 'limited';
  return status >= 500 ? 'failed' : 'answered';
}

async function readAnswer(
  { statusCode: status, headers, body }: Response,
  { endpoint, dialect, isStream, maxAnswerBytes, keepsKeyBack, authorization }: Asked,
): Promise<UpstreamAnswer> {
  const encoding = headers['content-encoding'];
  const type = mediaTypeOf(headers['content-type']);
  const isReadable = encoding === undefined || encoding === 'identity';
  const { contentType, alsoType } = endpoint.framing;
  const isFramed = type === contentType || type === alsoType;
  if (isReadable && isStream && isSuccess(status) && isFramed) {
    return { kind: 'stream', headers: passedHeaders(headers, dialect), body };
  }
  if (!isReadable || type !== JSON_TYPE || isRedirect(status)) {
    body.destroy();
    return FAILED;
  }
  const bytes = await boundedBody(body, maxAnswerBytes);
  if (keepsKeyBack && Object.values(authorization).some((value) => bytes.includes(bareKey(value))))
    return FAILED;
  return { kind: 'json', status, headers: passedHeaders(headers, dialect), bytes };
}

function passedHeaders(headers: Response['headers'], { answerHeaders }: Dialect): Headers {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const isPlain = typeof value === 'string' && value.length <= MAX_HEADER_LENGTH;
    if (isPlain && answerHeaders.test(name)) kept[name] = value;
  }
  return kept;
}

function bareKey(value: string): string {
  return value.replace(/^Bearer /, '');
}

function isRedirect(status: number): boolean {
  return status >= 300 && status < 400;
}
