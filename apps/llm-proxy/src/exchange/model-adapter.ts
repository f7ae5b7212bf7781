import { actionClassOf } from '@behavry/domain';
import {
  refuse,
  toolCall,
  type Exchange,
  type ExchangeAdapter,
  type Forwarded,
  type Parsed,
  type Refusal,
} from '@behavry/pipeline';
import type { Endpoint, HostedTool, ModelRequest } from '../dialects/dialect';
import type { OutboundHeaders } from '../dialects/request-headers';
import type { LlmParts, ProviderService } from '../llm-proxy.parts';
import { GuardedStream, type StreamEnd } from '../stream/guarded-stream';
import { isSuccess, type AnswerBody, type UpstreamAnswer } from '../upstream/provider-upstream';
import { judgeAnswered, judgeInside, type Judged } from './judge-inside';
import { statusOf } from './refusal-status';

type Headers = Readonly<Record<string, string>>;

/** What an exchange brings back for the agent. */
export type AgentAnswer =
  | { readonly kind: 'whole'; readonly status: number; readonly headers: Headers; readonly bytes: Buffer }
  | {
      readonly kind: 'stream';
      readonly headers: Headers;
      readonly texts: AsyncGenerator<string, StreamEnd>;
      readonly body: AnswerBody;
    };

/** One request as the routes hand it over. */
export interface ModelInput {
  readonly service: ProviderService;
  readonly endpoint: Endpoint;
  readonly bytes: Uint8Array;
  readonly outbound: OutboundHeaders;
}

const MAX_LISTED_TOOLS = 64;

/** A use of a model as an exchange, whole and streamed, whichever provider it is. One adapter a request. */
export class ModelAdapter implements ExchangeAdapter<ModelRequest, AgentAnswer, never> {
  constructor(
    private readonly parts: LlmParts,
    private readonly input: ModelInput,
  ) {}

  parse(exchange: Exchange): Parsed<ModelRequest> | Refusal {
    const { endpoint, bytes, outbound } = this.input;
    exchange.keySource = outbound.keySource;
    exchange.extra['key_source'] = outbound.keySource;
    const read = endpoint.readRequest(bytes, this.parts.maxBodyBytes);
    if (!read.ok) return refuse(read.reasonCode, read.message);
    const { request } = read;
    exchange.model = request.model;
    exchange.extra['stream'] = request.isStream;
    const tools = request.toolNames.slice(0, MAX_LISTED_TOOLS);
    // Only names: a list in which anything is found is no list of names.
    if (tools.length > 0 && exchange.config?.scan.outbound(tools).dlp.length === 0)
      exchange.extra['tools'] = tools;
    return {
      call: {
        handling: 'decide',
        toolName: endpoint.toolName,
        action: endpoint.toolName,
        actionClass: actionClassOf(endpoint.toolName),
        resource: request.model,
        targetClass: 'model',
        resourceCount: 1,
        arguments: request.body,
        parameters: endpoint.outlineOf(request.body),
        beside: Object.keys(outbound.headers).length === 0 ? null : outbound.headers,
        bytes: bytes.length,
      },
      request,
    };
  }

  async forward(exchange: Exchange, request: ModelRequest): Promise<Forwarded<AgentAnswer, never>> {
    const refused = await this.#judgeHosted(exchange, request.hostedTools);
    if (refused) return { kind: 'refused', ...refused };
    const full = request.isStream ? this.#takeStream(exchange) : undefined;
    if (full) return { kind: 'refused', refusal: full };
    const { service, endpoint, outbound } = this.input;
    const { arguments: body, beside, isChanged } = exchange.outbound;
    const answer = await service.upstream.send(exchange, {
      endpoint,
      body: endpoint.outboundBody(request, isChanged ? body : undefined),
      key: outbound.key,
      headers: isChanged ? ((beside ?? {}) as Headers) : outbound.headers,
      isStream: request.isStream,
    });
    switch (answer.kind) {
      case 'failed':
        return answer;
      case 'stream':
        return this.#stream(exchange, request, answer);
      case 'json':
        return this.#whole(exchange, answer);
    }
  }

  codeOf(refusal: Refusal): number {
    return statusOf(refusal);
  }

  discard(answer: AgentAnswer): void {
    if (answer.kind === 'stream') answer.body.destroy();
  }

  async #whole(
    exchange: Exchange,
    { status, headers, bytes, value }: Extract<UpstreamAnswer, { kind: 'json' }>,
  ): Promise<Forwarded<AgentAnswer, never>> {
    const isOk = isSuccess(status);
    // Told as it is, the agent would take it for a word about its own token.
    if ((status === 401 || status === 403) && this.input.outbound.keySource !== 'request') {
      this.parts.proxy.log.warn({ status }, "the provider refuses this plane's key");
      return { kind: 'failed', fault: 'upstream_error' };
    }
    const answer = this.input.endpoint.readAnswer(value);
    if (isOk && !answer) return { kind: 'failed', fault: 'upstream_error' };
    if (answer?.tokens) exchange.tokens = answer.tokens;
    const refused = answer && (await judgeAnswered(this.parts.proxy, exchange, answer.calls));
    if (refused) return { kind: 'refused', ...refused };
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
    { hidesTokens }: ModelRequest,
    { headers, body }: Extract<UpstreamAnswer, { kind: 'stream' }>,
  ): Forwarded<AgentAnswer, never> {
    const scan = exchange.config?.scan;
    if (!scan) throw new Error('a stream was opened without a configuration');
    const stream = new GuardedStream({
      endpoint: this.input.endpoint,
      exchange,
      scan,
      judge: async (calls) => (await judgeAnswered(this.parts.proxy, exchange, calls))?.refusal,
      hidesTokens,
      maxHeldCharacters: this.parts.maxAnswerBytes,
    });
    return { kind: 'stream', payload: { kind: 'stream', headers, body, texts: stream.run(body) } };
  }

  /** What the provider would run on its own side is decided before anything is sent. */
  async #judgeHosted(exchange: Exchange, tools: readonly HostedTool[]): Promise<Judged> {
    for (const { type, settings } of tools) {
      const call = { ...toolCall(`hosted:${type}`, settings), action: 'hosted' };
      const refused = await judgeInside(this.parts.proxy, exchange, call, exchange.provider);
      if (refused) return refused;
    }
    return undefined;
  }

  #takeStream(exchange: Exchange): Refusal | undefined {
    const { guard, streamsPerAgent } = this.parts.proxy;
    const release = guard.slots.take(`stream:${exchange.identity?.agentId ?? ''}`, streamsPerAgent);
    if (release) {
      exchange.hold(release);
      return undefined;
    }
    return refuse('concurrency_limited', `at most ${String(streamsPerAgent)} streams of an agent at once`, {
      retryAfterSeconds: 1,
    });
  }
}
