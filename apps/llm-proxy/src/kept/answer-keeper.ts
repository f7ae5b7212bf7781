import { setImmediate } from 'node:timers/promises';
import { isObject } from '@behavry/contracts';
import { parseStrictJson } from '@behavry/domain';
import { isPending, pendingRefusal, refuse, type Exchange, type Refusal } from '@behavry/pipeline';
import type { Endpoint } from '../dialects/dialect';
import { MAX_DEPTH } from '../dialects/reading';
import type { AnswerJudge, WaitingCall } from '../exchange/answer-judge';
import type { ModelInput } from '../exchange/model-adapter';
import { askedOf } from '../exchange/model-call';
import type { ModelReading } from '../exchange/outgoing';
import { ESCALATION_HEADER, sentenceOf } from '../exchange/refusal-status';
import type { LargeRequest } from '../large/model-jobs';
import type { LlmParts } from '../llm-proxy.parts';
import type { StreamKeeper } from '../stream/guarded-stream';
import type { UpstreamAnswer } from '../upstream/ask-provider';
import { earlierOf, type EarlierDigests } from './earlier';
import { MAX_KEPT_BYTES, type KeptAnswer, type RawAnswer } from './kept-answers';
import { saidBefore } from './said-before';

type Whole = Omit<Extract<UpstreamAnswer, { kind: 'json' }>, 'bytes'> & { readonly bytes: Uint8Array };
type Streamed = Extract<UpstreamAnswer, { kind: 'stream' }>;

/** What is left of a whole answer without its calls. */
interface Left {
  readonly value: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

/** What one exchange has to do with answers that wait for a person: finds the one that is its own, keeps its own. */
export class AnswerKeeper {
  readonly #parts: LlmParts;
  readonly #input: ModelInput;
  readonly #exchange: Exchange;
  #found: KeptAnswer | undefined;

  constructor(parts: LlmParts, input: ModelInput, exchange: Exchange) {
    this.#parts = parts;
    this.#input = input;
    this.#exchange = exchange;
  }

  /** Whether there may be anything to find: a look into this process's memory. */
  get mayFind(): boolean {
    const { identity } = this.#exchange;
    return identity !== null && this.#parts.kept.hasAny(identity.agentId);
  }

  /** Whether this exchange has an answer that was paid for before. */
  get hasFound(): boolean {
    return this.#found !== undefined;
  }

  /**
   * Looks for the answer to this request that has waited for a person.
   * @returns it, which nobody else gets any more; a refusal while it waits still; undefined: the provider is to be asked
   */
  async find(reading: ModelReading): Promise<UpstreamAnswer | Refusal | undefined> {
    const { kept } = this.#parts;
    const name = this.#nameOf(reading);
    const seen = name === undefined ? undefined : await kept.look(name.name);
    if (!name || !seen || (name.said !== undefined && name.said !== seen.said)) return undefined;
    const states = await this.#standing(seen);
    if (!states) return UNKNOWN;
    if (!states.includes('refused')) {
      const waiting = seen.escalations[states.indexOf('pending')];
      if (states.includes('gone')) {
        await kept.take(name.name);
        return undefined;
      }
      if (waiting !== undefined) return pending(this.#exchange, waiting);
    }
    // What was denied is told by the judging of the calls, as it is of any other.
    const taken = await kept.take(name.name);
    if (!taken) return undefined;
    this.#found = taken;
    Object.assign(this.#exchange.outcomeExtra, { kept_from: taken.from, upstream: taken.upstream });
    return restored(taken.answer);
  }

  /**
   * Keeps a whole answer whose calls wait for a person.
   * @returns what is left of it for the agent; undefined where that is nothing, or nothing waits
   */
  async keepWhole(
    { kind, status, headers, bytes }: Whole,
    refusal: Refusal,
    { waiting }: AnswerJudge,
  ): Promise<Left | undefined> {
    const { turns } = this.#input.endpoint;
    if (!isPending(refusal) || !turns || bytes.length > MAX_KEPT_BYTES) return undefined;
    const parsed = parseStrictJson(bytes, { maxBytes: MAX_KEPT_BYTES, maxDepth: MAX_DEPTH });
    const value = parsed.ok ? parsed.value : undefined;
    if (!isObject(value)) return undefined;
    const said = this.#asDelivered(turns.withhold(value, sentenceOf(refusal)));
    await this.#keep({ kind, status, headers, body: base64(bytes) }, said, waiting);
    if (said === '') return undefined;
    const escalation = { [ESCALATION_HEADER]: refusal.escalationId ?? '' };
    return { value, bytes: Buffer.from(JSON.stringify(value)), headers: { ...headers, ...escalation } };
  }

  /** @returns what keeps a stream; undefined where no calls are to be expected: then nothing of it is held for that */
  ofStream(
    { toolNames, hostedTools, references = [] }: LargeRequest,
    { kind, headers }: Streamed,
    judge: AnswerJudge,
  ): StreamKeeper | undefined {
    const { endpoint } = this.#input;
    const hasTools = toolNames.length + hostedTools.length + references.length > 0;
    if (!endpoint.turns || !hasTools) return undefined;
    let parts: Uint8Array[] = [];
    let size = 0;
    return {
      take: (bytes) => {
        size += bytes.length;
        if (size > MAX_KEPT_BYTES) parts = [];
        else parts.push(bytes);
      },
      keep: async () => {
        if (size > MAX_KEPT_BYTES) return;
        const bytes = Buffer.concat(parts);
        const said = this.#asDelivered(saidBefore(endpoint, bytes));
        await this.#keep({ kind, headers, body: base64(bytes) }, said, judge.waiting);
      },
    };
  }

  async #keep(answer: RawAnswer, said: string, waiting: readonly WaitingCall[]): Promise<void> {
    const { identity, inputHash, id, outcomeExtra } = this.#exchange;
    if (!identity || inputHash === null) return;
    const { kept } = this.#parts;
    const upstream = String(outcomeExtra['upstream']);
    const from = this.#found?.from ?? id;
    const escalations = waiting.map(({ escalationId }) => escalationId);
    const until = Math.max(...waiting.map(({ expiresAt }) => expiresAt));
    await kept.keep(
      identity.agentId,
      kept.nameOf(identity, this.#input.endpoint.path, inputHash),
      { from, upstream, escalations, said, answer },
      until,
    );
  }

  /** @returns the name under which the answer would be kept, and what else must have been said for it */
  #nameOf(reading: ModelReading): { readonly name: string; readonly said?: string } | undefined {
    const { kept } = this.#parts;
    const { identity, inputHash } = this.#exchange;
    if (!identity || inputHash === null) return undefined;
    const { path } = this.#input.endpoint;
    const own = kept.nameOf(identity, path, inputHash);
    if (kept.has(own)) return { name: own };
    const earlier = this.#earlier(reading);
    const names = earlier.digests.map((digest) => kept.nameOf(identity, path, digest));
    const name = names.find((each) => kept.has(each));
    return name === undefined ? undefined : { name, said: earlier.said };
  }

  #earlier(reading: ModelReading): EarlierDigests {
    if (reading.kind === 'large') return reading.earlier;
    const { endpoint, outbound } = this.#input;
    const asked = askedOf(this.#exchange, outbound);
    return earlierOf(endpoint, reading.request, asked, this.#parts.proxy.guard.digest);
  }

  #standing({ escalations }: KeptAnswer) {
    const { identity, signal } = this.#exchange;
    const { claims, holdMs } = this.#parts.proxy.guard;
    const { tenantId = '', agentId = '' } = identity ?? {};
    const asked = { tenant_id: tenantId, agent_id: agentId, escalation_ids: escalations, hold_ms: holdMs };
    return claims.standing(asked, signal);
  }

  /** What is left of a text where findings are taken out. */
  #asDelivered(text: string): string {
    const { config } = this.#exchange;
    if (!config || !this.#exchange.hasObligation('redact_inbound')) return text;
    return String(config.scan.inbound(text, { redacts: true }).redacted());
  }
}

/** @returns an endpoint that counts nothing of a stream: it was counted when it was paid for */
export function withoutTokens(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    readChunk: (frame) => {
      const chunk = endpoint.readChunk(frame);
      return chunk && { ...chunk, tokens: undefined };
    },
  };
}

const UNKNOWN = refuse(
  'escalation_unavailable',
  'a person must decide, and nobody can tell at present whether one has',
);

function pending({ outcomeExtra }: Exchange, escalationId: string): Refusal {
  outcomeExtra['escalation_id'] = escalationId;
  return pendingRefusal(escalationId);
}

function restored(answer: RawAnswer): UpstreamAnswer {
  const bytes = Buffer.from(answer.body, 'base64');
  if (answer.kind === 'json') return { ...answer, bytes };
  const { kind, headers } = answer;
  return { kind, headers, body: new ReplayedBody(bytes) };
}

const PIECE_BYTES = 16 * 1024;

/** Bytes of a stream that are there already; in pieces, so that others have their turns between them. */
class ReplayedBody {
  constructor(private readonly bytes: Uint8Array) {}

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < this.bytes.length; at += PIECE_BYTES) {
      yield this.bytes.subarray(at, at + PIECE_BYTES);
      await setImmediate();
    }
  }

  destroy(): void {
    // There is nothing to give up.
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
