import { isPending, refuse, toolCall, type Exchange, type Guard, type Refusal } from '@behavry/pipeline';
import type { Proxy } from '@behavry/proxy';
import type { AnsweredCall } from '../dialects/dialect';
import { isPlainName } from '../dialects/reading';
import { judgeInside, type Judged } from './judge-inside';

/** A call of an answer that waits for a person. */
export interface WaitingCall {
  readonly escalationId: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresAt: number;
}

/** Each of them is decided. */
const MAX_CALLS = 128;

/**
 * Decides the tool calls of one answer, which share their fate: one that is denied ends it, and while one waits for a
 * person all of them do.
 */
export class AnswerJudge {
  readonly #proxy: Proxy;
  readonly #exchange: Exchange;
  readonly #waiting = new Map<string, WaitingCall>();
  readonly #alike = new Map<string, number>();
  #count = 0;

  constructor(proxy: Proxy, exchange: Exchange) {
    this.#proxy = proxy;
    this.#exchange = exchange;
  }

  /** The calls so far that wait. */
  get waiting(): readonly WaitingCall[] {
    return [...this.#waiting.values()];
  }

  /**
   * Decides calls, one after the other.
   * @returns what was denied; else the first that waits for a person; undefined when all of them may go on
   */
  async judge(calls: readonly AnsweredCall[]): Promise<Judged> {
    this.#count += calls.length;
    const exchange = this.#exchange;
    const fault =
      this.#count > MAX_CALLS ? TOO_MANY : calls.map((call) => faultIn(exchange, call)).find(Boolean);
    if (fault) return { refusal: fault, decisionId: exchange.id };
    let pending: Judged;
    for (const { name, arguments: args } of calls) {
      const proxy = { ...this.#proxy, guard: this.#guard() };
      const refused = await judgeInside(proxy, exchange, toolCall(name, args, this.#nth(name, args)));
      if (refused && !isPending(refused.refusal)) return refused;
      pending ??= refused;
    }
    if (pending) exchange.outcomeExtra['escalation_id'] ??= pending.refusal.escalationId;
    return pending;
  }

  /** An approval is good for one call: the second of two that are alike is another, and says so to whoever is asked. */
  #nth(name: string, args: unknown): { readonly beside?: object } {
    // As claims tell calls apart: the order of members makes no other call.
    const call = this.#proxy.guard.digest.ofJson([name, args]);
    const nth = (this.#alike.get(call) ?? 0) + 1;
    this.#alike.set(call, nth);
    return nth === 1 ? {} : { beside: { nth_of_its_answer: nth } };
  }

  /** One that takes down what waits; once anything does, a person is asked of the others without waiting for an answer. */
  #guard(): Guard {
    const { guard } = this.#proxy;
    const { claims } = guard;
    return {
      ...guard,
      holdMs: this.#waiting.size > 0 ? 0 : guard.holdMs,
      claims: {
        standing: (request, signal) => claims.standing(request, signal),
        claim: async (request, signal) => {
          const answer = await claims.claim(request, signal);
          if (answer?.state === 'pending') {
            const { escalation_id: escalationId, expires_at: expiresAt } = answer;
            this.#waiting.set(escalationId, { escalationId, expiresAt: Date.parse(expiresAt) });
          }
          return answer;
        },
      },
    };
  }
}

const TOO_MANY = refuse('result_too_large', 'the answer calls more tools than can be decided');
const NAMELESS = refuse('request_malformed', "the answer calls a tool by what is no tool's name");
const NOT_STRICT = refuse(
  'request_malformed',
  'the answer calls a function with arguments that are not an object in strict JSON',
);
const UNKEPT = refuse(
  'obligation_unkept',
  'policy asks for redact_inbound, which would change the arguments of a tool call in the answer',
);

/** Why a call cannot be judged, or would not reach the agent as it was judged. */
function faultIn(exchange: Exchange, { name, arguments: args }: AnsweredCall): Refusal | undefined {
  if (!isPlainName(name) || name.startsWith('hosted:')) return NAMELESS;
  if (!args) return NOT_STRICT;
  if (!exchange.hasObligation('redact_inbound')) return undefined;
  const scanned = exchange.config?.scan.inbound([args, JSON.stringify(args)], { redacts: true });
  return scanned?.verdict === 'pass' ? undefined : UNKEPT;
}
