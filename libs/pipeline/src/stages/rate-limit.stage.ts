import type { Exchange } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import { refuse, type Refusal } from '../exchange/refusal';
import type { RateLimit } from '../ports/rate-limiter';
import type { Stage } from './stage';

// Protocol traffic (lists, openings) is no call, yet not boundless: this many requests for each allowed call.
const REQUESTS_PER_CALL = 10;
const LEAST_REQUESTS = 120;

/** Bounds all requests, before anything of them is read. */
export const rateLimitStage: Stage = {
  name: 'rate-limit',
  run(exchange, guard) {
    if (exchange.parent) return undefined;
    return take(exchange, guard, 'requests', (limit) => Math.max(LEAST_REQUESTS, limit * REQUESTS_PER_CALL));
  },
};

/** Bounds calls: what policy decides. */
export function callLimit(
  exchange: Exchange,
  guard: Guard,
): Refusal | undefined | Promise<Refusal | undefined> {
  if (exchange.parent || exchange.call?.handling !== 'decide') return undefined;
  return take(exchange, guard, 'calls', (limit) => limit);
}

function take(
  exchange: Exchange,
  guard: Guard,
  what: 'requests' | 'calls',
  scaled: (limit: number) => number,
): Refusal | undefined | Promise<Refusal | undefined> {
  const { identity, config } = exchange;
  if (!identity || !config) return undefined;
  const { agent_per_minute, tenant_per_minute } = config.document.rate_limits;
  const limits: RateLimit[] = [];
  if (agent_per_minute !== null) {
    limits.push({ key: `${what}:agent:${identity.agentId}`, perMinute: scaled(agent_per_minute) });
  }
  if (tenant_per_minute !== null) {
    limits.push({ key: `${what}:tenant:${identity.tenantId}`, perMinute: scaled(tenant_per_minute) });
  }
  if (limits.length === 0) return undefined;
  const answer = guard.limiter.take(limits);
  return answer instanceof Promise ? answer.then(refusalOf) : refusalOf(answer);
}

function refusalOf(answer: Awaited<ReturnType<Guard['limiter']['take']>>): Refusal | undefined {
  if (answer.allowed) return undefined;
  const { retryAfterSeconds } = answer;
  return refuse('rate_limited', `too many calls, try again in ${String(retryAfterSeconds)} s`, {
    retryAfterSeconds,
  });
}
