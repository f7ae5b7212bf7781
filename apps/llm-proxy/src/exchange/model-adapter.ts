import { parseStrictJson } from '@behavry/domain';
import {
  LARGE_BYTES,
  refuse,
  scannedOfFacts,
  type Exchange,
  type ExchangeAdapter,
  type Forwarded,
  type Reading,
  type Refusal,
  type Scanned,
} from '@behavry/pipeline';
import { BUDGET_HEADER } from '../budgets/budgets';
import type { Spend } from '../budgets/spend';
import type { Endpoint, ModelAnswer, Place } from '../dialects/dialect';
import { MAX_DEPTH, readRequest, type ReadingRules } from '../dialects/reading';
import type { OutboundHeaders } from '../dialects/request-headers';
import { AnswerKeeper, withoutTokens } from '../kept/answer-keeper';
import type { LargeRequest } from '../large/model-jobs';
import type { LlmParts, ProviderService } from '../llm-proxy.parts';
import { GuardedStream, type StreamEnd } from '../stream/guarded-stream';
import { isSuccess, type AnswerBody, type UpstreamAnswer } from '../upstream/ask-provider';
import { AnswerJudge } from './answer-judge';
import { judgeHosted, judgeReferences } from './judge-inside';
import { askedOf, callOf, listedTools } from './model-call';
import { noteModel, noteRequest, noteTokens } from './model-notes';
import { hideModels, sightOf } from './model-sight';
import { estimateIn, orderOf, outgoingOf, type ModelReading } from './outgoing';
import { saysKeyIsWrong, statusOf } from './refusal-status';
import { breaksSeal, SEALED } from '../stream/sealed';

type Headers = Readonly<Record<string, string>>;

/** What an exchange brings back for the agent. */
export type AgentAnswer =
  | {
      readonly kind: 'whole';
      readonly status: number;
      readonly headers: Headers;
      readonly bytes: Uint8Array;
      /** Whether `bytes` are already what a scan left of it. */
      readonly isFinal: boolean;
    }
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
  readonly place: Place;
  readonly bytes: Uint8Array;
  readonly outbound: OutboundHeaders;
}

interface ReadAnswer {
  readonly bytes: Uint8Array;
  readonly value: unknown;
  readonly answer: ModelAnswer | undefined;
  /** Only of a large one. */
  readonly scanned?: Scanned;
}

/** A use of a model as an exchange, whole and streamed, whichever provider it is. One adapter a request. */
export class ModelAdapter implements ExchangeAdapter<ModelReading, AgentAnswer, never> {
  constructor(
    private readonly parts: LlmParts,
    private readonly input: ModelInput,
  ) {}

  parse(exchange: Exchange): Reading<ModelReading, never> | Promise<Reading<ModelReading, never>> {
    const { service, endpoint, bytes, outbound } = this.input;
    exchange.keySource = outbound.ownKey === undefined ? service.upstream.keySource(exchange) : 'request';
    exchange.extra['key_source'] = exchange.keySource;
    if (bytes.length > LARGE_BYTES) return this.#parseLarge(exchange);
    const read = readRequest(endpoint, bytes, this.#rulesOf(exchange));
    if (!read.ok) return refuse(read.reasonCode, read.message);
    const { request } = read;
    noteRequest(exchange, request, exchange.config && listedTools(exchange.config.scan, request.toolNames));
    if (this.#isDenied(exchange)) return DENIED;
    return {
      call: callOf(endpoint, request, askedOf(exchange, outbound), bytes.length),
      request: { kind: 'small', request },
    };
  }

  async #parseLarge(exchange: Exchange): Promise<Reading<ModelReading, never>> {
    const { service, place, bytes, outbound } = this.input;
    const { order, blast } = orderOf(exchange, bytes.length, 'outbound');
    const needsPlain = service.upstream.mayNotAskForUsage(exchange);
    const asked = askedOf(exchange, outbound);
    const wantsEarlier = new AnswerKeeper(this.parts, this.input, exchange).mayFind;
    const input = { place, bytes, asked, rules: this.#rulesOf(exchange), blast, needsPlain, wantsEarlier };
    const result = await this.parts.large.run('read', input, order);
    if (!result.ok) return result.refusal;
    const { value } = result;
    if (!value.ok) return refuse(value.reasonCode, value.message);
    const { request, tools, call, examined, earlier } = value;
    noteRequest(exchange, request, tools);
    if (this.#isDenied(exchange)) return DENIED;
    const { bytes: outgoing, plain = outgoing, estimate } = value;
    return { call, examined, request: { kind: 'large', request, bytes: outgoing, plain, estimate, earlier } };
  }

  #rulesOf({ config }: Exchange): ReadingRules {
    const unknownMembers = config?.models.unknown_members ?? 'refuse';
    return { maxBytes: this.parts.maxBodyBytes, unknownMembers };
  }

  /** Whether the tenant has said that nobody may use the model. */
  #isDenied({ config, model }: Exchange): boolean {
    return model !== '' && config?.model(this.input.place.provider, model) === 'denied';
  }

  async forward(exchange: Exchange, reading: ModelReading): Promise<Forwarded<AgentAnswer, never>> {
    const { request } = reading;
    const { strange, addresses } = await this.parts.references.look(exchange, request.references);
    const refused =
      (await judgeHosted(this.parts.proxy, exchange, request.hostedTools)) ??
      (await judgeReferences(this.parts.proxy, exchange, strange));
    if (refused) return { kind: 'refused', ...refused };
    const full = request.isStream ? this.#takeStream(exchange) : undefined;
    if (full) return { kind: 'refused', refusal: full };
    // The last before the provider: what is found here is taken.
    const keeper = new AnswerKeeper(this.parts, this.input, exchange);
    const kept = keeper.mayFind ? await keeper.find(reading) : undefined;
    if (kept && 'reasonCode' in kept) return { kind: 'refused', refusal: kept };
    const { service, endpoint, outbound } = this.input;
    const spend = kept
      ? undefined
      : await this.parts.budgets.reserve(exchange, endpoint, {
          // A key that no address asks for pays nothing.
          isPaidByAgent: exchange.keySource === 'request' && service.upstream.keySource(exchange) === 'plane',
          estimate: () => estimateIn(endpoint, reading),
        });
    if (spend && 'reasonCode' in spend) return { kind: 'refused', refusal: spend };
    const answer =
      kept ??
      (await service.upstream.send(exchange, {
        endpoint,
        isStream: request.isStream,
        hidesTokens: request.hidesTokens,
        ownKey: outbound.ownKey,
        addresses,
        outgoing: (asksForUsage) => outgoingOf(this.parts, this.input, exchange, reading, asksForUsage),
      }));
    spend?.heard(answer);
    if (answer.kind === 'failed' || answer.kind === 'refused') return answer;
    const told =
      answer.kind === 'stream'
        ? this.#stream(exchange, request, answer, { keeper, spend })
        : await this.#whole(exchange, answer, keeper);
    return withBudget(told, spend);
  }

  codeOf(refusal: Refusal): number {
    return statusOf(refusal);
  }

  discard(answer: AgentAnswer): void {
    if (answer.kind === 'stream') answer.body.destroy();
  }

  /** @returns undefined for what nobody can read */
  async #readAnswer(exchange: Exchange, bytes: Uint8Array): Promise<ReadAnswer | Refusal | undefined> {
    const { endpoint, place } = this.input;
    const redacts = exchange.hasObligation('redact_inbound');
    const sight = exchange.config ? sightOf(exchange.config, place.provider, endpoint) : undefined;
    if (bytes.length <= LARGE_BYTES) {
      const parsed = parseStrictJson(bytes, { maxBytes: LARGE_BYTES, maxDepth: MAX_DEPTH });
      if (!parsed.ok) return undefined;
      const { value } = parsed;
      const { scan } = exchange.config ?? {};
      if (redacts && scan && breaksSeal(scan, 'inbound', endpoint, value)) return SEALED;
      const answer = endpoint.readAnswer(value);
      const isHidden = hideModels(endpoint, value, sight);
      return { bytes: isHidden ? Buffer.from(JSON.stringify(value)) : bytes, value, answer };
    }
    const { order } = orderOf(exchange, bytes.length, 'inbound');
    const result = await this.parts.large.run('answer', { place, bytes, redacts, sight }, order);
    if (!result.ok) return result.refusal;
    const { value } = result;
    if (!value.ok) return value.isSealed ? SEALED : undefined;
    return { ...value, value: null, scanned: scannedOfFacts(value.scanned) };
  }

  async #whole(
    exchange: Exchange,
    told: Extract<UpstreamAnswer, { kind: 'json' }>,
    keeper: AnswerKeeper,
  ): Promise<Forwarded<AgentAnswer, never>> {
    const { status, headers, bytes } = told;
    const isOk = isSuccess(status);
    if (exchange.keySource !== 'request' && saysKeyIsWrong(this.input.service.dialect, status, bytes)) {
      const { upstream } = exchange.outcomeExtra;
      this.parts.proxy.log.warn({ status, upstream }, "the provider refuses this plane's key");
      return { kind: 'failed', fault: 'upstream_error' };
    }
    const size = bytes.length;
    const read = await this.#readAnswer(exchange, bytes);
    if (read && 'reasonCode' in read) return { kind: 'refused', refusal: read };
    if (!read || (isOk && !read.answer)) return { kind: 'failed', fault: 'upstream_error' };
    const { answer, scanned } = read;
    noteModel(exchange, answer?.model);
    if (!keeper.hasFound) noteTokens(exchange, answer?.tokens);
    const judge = new AnswerJudge(this.parts.proxy, exchange);
    const refused = answer && (await judge.judge(answer.calls));
    const left = refused && (await keeper.keepWhole({ ...told, bytes: read.bytes }, refused.refusal, judge));
    if (refused && !left) return { kind: 'refused', ...refused };
    if (!left) await this.parts.references.remember(exchange, answer?.given);
    const shown = left ?? { ...read, headers };
    return {
      kind: 'message',
      payload: {
        kind: 'whole',
        status,
        headers: shown.headers,
        bytes: shown.bytes,
        isFinal: scanned !== undefined,
      },
      value: shown.value,
      ...(scanned && { scanned }),
      bytes: size,
      outcome: left ? 'pending' : isOk ? 'ok' : 'upstream_error',
      responseCode: status,
    };
  }

  #stream(
    exchange: Exchange,
    request: LargeRequest,
    told: Extract<UpstreamAnswer, { kind: 'stream' }>,
    { keeper, spend }: { readonly keeper: AnswerKeeper; readonly spend: Spend | undefined },
  ): Forwarded<AgentAnswer, never> {
    const scan = exchange.config?.scan;
    if (!scan) throw new Error('a stream was opened without a configuration');
    const { headers, body } = told;
    const { endpoint } = this.input;
    const judge = new AnswerJudge(this.parts.proxy, exchange);
    const stream = new GuardedStream({
      endpoint: keeper.hasFound ? withoutTokens(endpoint) : endpoint,
      exchange,
      scan,
      remember: (given) => this.parts.references.remember(exchange, given),
      judge: async (calls) => (await judge.judge(calls))?.refusal,
      keeper: keeper.ofStream(request, told, judge),
      hidesTokens: request.hidesTokens,
      ...(spend && {
        note: (chunk) => {
          spend.note(chunk);
        },
      }),
      maxHeldCharacters: this.parts.maxAnswerBytes,
    });
    return { kind: 'stream', payload: { kind: 'stream', headers, body, texts: stream.run(body) } };
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

/** Tells with an answer how much of a budget is used. */
function withBudget(
  told: Forwarded<AgentAnswer, never>,
  spend: Spend | undefined,
): Forwarded<AgentAnswer, never> {
  if (spend?.header === undefined || !('payload' in told)) return told;
  const headers = { ...told.payload.headers, [BUDGET_HEADER]: spend.header };
  return { ...told, payload: { ...told.payload, headers } };
}

const DENIED = refuse('model_denied', 'this model may not be used here');
