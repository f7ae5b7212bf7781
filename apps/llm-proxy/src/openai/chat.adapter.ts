import { normaliseCall } from '@behavry/domain';
import {
  Exchange,
  judgeCall,
  refuse,
  toolCall,
  type Call,
  type ExchangeAdapter,
  type Forwarded,
  type Refusal,
} from '@behavry/pipeline';
import { uuidv7 } from '@behavry/platform';
import { withUsage } from '../domain/openai/include-usage';
import { readChatRequest, type ChatRequest } from '../domain/openai/chat-request';
import { toolCallsOf, type AnsweredCall } from '../domain/openai/tool-call';
import { usageOf } from '../domain/openai/usage';
import { statusOf } from '../domain/refusal-status';
import type { LlmParts } from '../llm-proxy.parts';
import { faultOf, type AnswerBody, type UpstreamAnswer } from '../upstream/openai-upstream';
import { GuardedStream, type StreamEnd } from './guarded-stream';

/** What a chat exchange brings back for the agent. */
export type ChatAnswer =
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly bytes: Buffer;
    }
  | {
      readonly kind: 'stream';
      readonly headers: Readonly<Record<string, string>>;
      readonly texts: AsyncGenerator<string, StreamEnd>;
    }
  /** Refused after the request itself was allowed: the adapter's caller settles it. */
  | { readonly kind: 'refused'; readonly refusal: Refusal; readonly decisionId: string };

/** One request as the routes hand it over. */
export interface ChatInput {
  readonly body: Uint8Array;
  /** Provider key of the request, or of the plane. */
  readonly key: string | undefined;
  readonly isOwnKey: boolean;
  readonly headers: Readonly<Record<string, string>>;
}

/** Name under which policies, kill switches and audit rows know a use of a model. */
const CHAT = 'chat.completions';
const PLAIN_NAME = /^[A-Za-z0-9_.:-]{1,64}$/;
const MAX_NAMES = 64;

/** OpenAI chat completions, plain and streamed, as an exchange. One adapter a request. */
export class ChatAdapter implements ExchangeAdapter<ChatAnswer> {
  #request: ChatRequest | undefined;
  /** Id of the decision that refused something inside the exchange. */
  #refusedBy = '';
  #open: AnswerBody | undefined;

  constructor(
    private readonly parts: LlmParts,
    private readonly input: ChatInput,
  ) {}

  parse(exchange: Exchange): Call | Refusal {
    const read = readChatRequest(this.input.body, this.parts.context.config.maxBodyBytes);
    if (!read.ok) return refuse(read.reasonCode, read.message);
    const { request } = read;
    this.#request = request;
    exchange.model = request.model;
    exchange.extra['stream'] = request.isStream;
    if (request.toolNames.length > 0) {
      exchange.extra['tools'] = request.toolNames.filter((name) => PLAIN_NAME.test(name)).slice(0, MAX_NAMES);
    }
    const { actionClass } = normaliseCall('chat', null);
    return {
      handling: 'decide',
      toolName: CHAT,
      action: 'chat',
      actionClass,
      resource: request.model,
      resourceCount: 1,
      arguments: request.body,
    };
  }

  async forward(exchange: Exchange): Promise<Forwarded<ChatAnswer>> {
    const request = this.#request;
    if (!request) throw new Error('a request is forwarded that was not read');
    const hosted = request.hostedTools.map(({ type, settings }) => toolCall(`provider/${type}`, settings));
    const refusal = await this.#judge(exchange, hosted);
    if (refusal) return this.#refused(refusal);
    const answer = await this.parts.openai.chat({
      body: bodyFor(exchange, request, this.input.body),
      key: this.input.key,
      headers: this.input.headers,
      isStream: request.isStream,
      signal: exchange.signal,
    });
    switch (answer.kind) {
      case 'failed':
        return answer;
      case 'events':
        return { kind: 'stream', payload: this.#stream(exchange, request, answer) };
      case 'json':
        return this.#whole(exchange, answer);
    }
  }

  /** Gives up a stream that nobody will read: its exchange was refused after it had begun. */
  discard(): void {
    this.#open?.destroy();
  }

  codeOf(refusal: Refusal): number {
    return statusOf(refusal);
  }

  async #whole(
    exchange: Exchange,
    { status, headers, bytes, value }: Extract<UpstreamAnswer, { kind: 'json' }>,
  ): Promise<Forwarded<ChatAnswer>> {
    const isOk = status === 200;
    // Told as it is, the agent would take it for a word about its own token.
    if ((status === 401 || status === 403) && !this.input.isOwnKey) {
      this.parts.context.log.warn({ status }, "the provider refuses this plane's key");
      return { kind: 'failed', fault: 'upstream_error' };
    }
    if (isOk) {
      const calls = toolCallsOf(value);
      if (!calls) return { kind: 'failed', fault: 'upstream_error' };
      const usage = usageOf(value);
      if (usage) this.parts.usage.note(exchange, usage);
      const refusal = await this.#judgeAnswered(exchange, calls);
      if (refusal) return this.#refused(refusal);
    }
    return {
      kind: 'message',
      payload: { kind: 'whole', status, headers, bytes },
      value,
      bytes: bytes.length,
      outcome: isOk ? 'ok' : 'upstream_error',
      responseCode: status,
    };
  }

  #stream(
    exchange: Exchange,
    request: ChatRequest,
    { headers, body }: Extract<UpstreamAnswer, { kind: 'events' }>,
  ): ChatAnswer {
    this.#open = body;
    const stream = new GuardedStream({
      exchange,
      judge: (calls) => this.#judgeAnswered(exchange, calls),
      stripsUsage: !request.wantsUsage,
      onUsage: (usage) => {
        this.parts.usage.note(exchange, usage);
      },
      maxHeldCharacters: this.parts.context.config.maxAnswerBytes,
    });
    return { kind: 'stream', headers, texts: withFaults(stream.run(body), exchange) };
  }

  #judgeAnswered(exchange: Exchange, calls: readonly AnsweredCall[]): Promise<Refusal | undefined> {
    return this.#judge(
      exchange,
      calls.map(({ name, arguments: args }) => toolCall(name, args)),
    );
  }

  /** Decides calls inside the exchange, one after the other; the first refusal ends it. */
  async #judge(exchange: Exchange, calls: readonly Call[]): Promise<Refusal | undefined> {
    const { guard } = this.parts;
    for (const call of calls) {
      const now = guard.now();
      const inner = new Exchange({
        id: uuidv7(now),
        kind: 'llm',
        startedAt: now,
        token: undefined,
        serverId: '',
        model: exchange.model,
        parent: exchange,
      });
      const refusal = await judgeCall(guard, inner, call);
      if (refusal) {
        this.#refusedBy = inner.id;
        return refusal;
      }
    }
    return undefined;
  }

  // A stream is settled by its reader, which is what a refusal at this point needs.
  #refused(refusal: Refusal): Forwarded<ChatAnswer> {
    return { kind: 'stream', payload: { kind: 'refused', refusal, decisionId: this.#refusedBy } };
  }
}

function bodyFor(exchange: Exchange, request: ChatRequest, bytes: Uint8Array): string | Uint8Array {
  const asksForUsage = request.isStream && !request.wantsUsage;
  if (!exchange.isOutboundChanged) return asksForUsage ? withUsage(request) : bytes;
  const body = exchange.outboundArguments as Readonly<Record<string, unknown>>;
  const text = JSON.stringify(body);
  return asksForUsage ? withUsage({ text, body }) : text;
}

async function* withFaults(
  texts: AsyncGenerator<string, StreamEnd>,
  exchange: Exchange,
): AsyncGenerator<string, StreamEnd> {
  try {
    return yield* texts;
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, exchange.signal) };
  }
}
