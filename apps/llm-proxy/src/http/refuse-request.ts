import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReasonCode } from '@behavry/contracts';
import { Exchange, refuse, runExchange } from '@behavry/pipeline';
import { uuidv7, whenOver } from '@behavry/platform';
import { endpointName, type Provider } from '../domain/provider';
import { statusOf } from '../domain/refusal-status';
import type { LlmParts } from '../llm-proxy.parts';
import { tokenOf } from './caller';
import { pathOf } from './path-of';
import { sendRefusal } from './send-refusal';

/** Begins the exchange of a request; it ends when its client goes away. */
export function startExchange(
  parts: LlmParts,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
): Exchange {
  const now = parts.guard.now();
  const exchange = new Exchange({
    id: uuidv7(now),
    kind: 'llm',
    startedAt: now,
    token: tokenOf(provider, request.headers),
    serverId: '',
    model: '',
  });
  exchange.extra['provider'] = provider;
  exchange.extra['endpoint'] = endpointName(request.method, pathOf(provider, request.url));
  whenOver(reply.raw, () => {
    if (!reply.raw.writableFinished) exchange.stop('client_aborted');
  });
  return exchange;
}

/** Refuses a request without looking into it; recorded when its agent is known. */
export async function refuseRequest(
  parts: LlmParts,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
  reasonCode: ReasonCode,
  reason: string,
): Promise<FastifyReply> {
  const exchange = startExchange(parts, request, reply, provider);
  const result = await runExchange<null>(parts.guard, exchange, {
    parse: () => refuse(reasonCode, reason),
    forward: () => Promise.resolve({ kind: 'failed', fault: 'upstream_error' }),
    codeOf: statusOf,
  });
  const refusal = result.type === 'refused' ? result.refusal : refuse(reasonCode, reason);
  return sendRefusal(request, reply, provider, refusal, refusal.isRecorded ? exchange.id : undefined);
}
