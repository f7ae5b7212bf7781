import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '@behavry/pipeline';
import { errorEnvelope, type ErrorFacts } from '../domain/envelope';
import type { Provider } from '../domain/provider';
import { statusOf } from '../domain/refusal-status';

/** Header that names the decision behind an answer. */
export const DECISION_HEADER = 'x-behavry-decision';

/** @returns a refusal as any dialect says it; the id of an escalation is part of the sentence */
export function errorFacts(refusal: Refusal, requestId: string): ErrorFacts {
  const { reason, escalationId, reasonCode } = refusal;
  const message = escalationId === null ? reason : `${reason} (escalation ${escalationId})`;
  return { status: statusOf(refusal), reasonCode, message: `Behavry: ${message}`, requestId };
}

/** Answers a refusal in the provider's envelope. @param decisionId undefined when nothing was recorded */
export async function sendRefusal(
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
  refusal: Refusal,
  decisionId: string | undefined,
): Promise<FastifyReply> {
  const facts = errorFacts(refusal, request.id);
  reply.header('cache-control', 'no-store');
  if (decisionId !== undefined) reply.header(DECISION_HEADER, decisionId);
  if (provider === 'anthropic') reply.header('request-id', request.id);
  if (facts.status === 401) reply.header('www-authenticate', 'Bearer');
  if (refusal.retryAfterSeconds !== null) reply.header('retry-after', String(refusal.retryAfterSeconds));
  // What ends otherwise only when something else changes is not worth another try at once.
  if (facts.status >= 500) reply.header('x-should-retry', 'false');
  return reply
    .code(facts.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorEnvelope(provider, facts)));
}
