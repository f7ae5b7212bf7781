import type { Exchange } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import { within } from '../exchange/trace';
import { refuse, type Refusal } from '../exchange/refusal';
import type { RateAnswer, RateLimit } from '../ports/ports';
import type { Stage } from './stage';

/** What is counted, and how many a minute a limit of calls allows of it. */
const PER_MINUTE = {
  // Protocol traffic (lists, openings) is no call, yet not boundless.
  requests: (limit: number) => Math.max(120, limit * 10),
  calls: (limit: number) => limit,
} as const;
/** A message above this counts before it is read: the worst text of this size is scanned in less than 1 ms. */
const COUNTED_BYTES = 2 * 1024;

type Answer = Refusal | undefined | Promise<Refusal | undefined>;

/** Waits for the agent's turn: what is read, scanned and decided in the event loop is shared between agents. */
export const turnStage: Stage = {
  name: 'turn',
  run({ identity, parent, span }, guard) {
    const turn = identity && !parent ? guard.turns.next(identity.agentId) : undefined;
    return turn && span ? within(span.start('turn'), turn) : turn;
  },
};

/** Bounds all requests, before anything of them is read. */
export const rateLimitStage: Stage = {
  name: 'rate-limit',
  run(exchange, guard): Answer {
    if (exchange.parent) return undefined;
    return take(exchange, guard, 'requests');
  },
};

/** Bounds large messages as calls are bounded, before one is read, whatever it is: reading it is most of what it costs. */
export const largeLimitStage: Stage = {
  name: 'large-limit',
  run(exchange, guard): Answer {
    return countsUnread(exchange) ? take(exchange, guard, 'calls') : undefined;
  },
};

/** Bounds calls, a minute and at once: what policy decides. */
export const callLimitStage: Stage = {
  name: 'call-limit',
  run(exchange, guard): Answer {
    if (exchange.parent || exchange.call?.handling !== 'decide') return undefined;
    const full = takeSlot(exchange, guard);
    return full ?? (countsUnread(exchange) ? undefined : take(exchange, guard, 'calls'));
  },
};

function countsUnread({ size }: Exchange): boolean {
  return size > COUNTED_BYTES;
}

function takeSlot(exchange: Exchange, guard: Guard): Refusal | undefined {
  const max = exchange.config?.document.rate_limits.agent_concurrency ?? null;
  if (max === null || !exchange.identity) return undefined;
  const release = guard.slots.take(`call:${exchange.identity.agentId}`, max);
  if (!release) {
    return refuse('concurrency_limited', `at most ${String(max)} calls of an agent at once`, {
      retryAfterSeconds: 1,
    });
  }
  exchange.hold(release);
  return undefined;
}

function take({ identity, config, span }: Exchange, guard: Guard, what: keyof typeof PER_MINUTE): Answer {
  if (!identity || !config) return undefined;
  const { agent_per_minute, tenant_per_minute } = config.document.rate_limits;
  const perMinute = PER_MINUTE[what];
  const limits: RateLimit[] = [];
  if (agent_per_minute !== null) {
    limits.push({ key: `${what}:agent:${identity.agentId}`, perMinute: perMinute(agent_per_minute) });
  }
  if (tenant_per_minute !== null) {
    limits.push({ key: `${what}:tenant:${identity.tenantId}`, perMinute: perMinute(tenant_per_minute) });
  }
  if (limits.length === 0) return undefined;
  const answer = guard.limiter.take(limits);
  if (!(answer instanceof Promise)) return refusalOf(answer);
  return within(span?.start('limits'), answer).then(refusalOf);
}

function refusalOf(answer: RateAnswer): Refusal | undefined {
  if (answer.allowed) return undefined;
  const { retryAfterSeconds } = answer;
  return refuse('rate_limited', `too many calls, try again in ${String(retryAfterSeconds)} s`, {
    retryAfterSeconds,
  });
}
