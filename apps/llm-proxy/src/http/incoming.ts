import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ReasonCode } from '@behavry/contracts';
import { refuse, runExchange, type Exchange, type Refusal } from '@behavry/pipeline';
import { bearerOf } from '@behavry/platform';
import { DECISION_HEADER, headerOf, startExchange } from '@behavry/proxy';
import type { Endpoint, ErrorFacts, Place } from '../dialects/dialect';
import { ESCALATION_HEADER, sentenceOf, statusOf } from '../exchange/refusal-status';
import type { LlmParts, ProviderPrefix, ProviderService } from '../llm-proxy.parts';

/** Under this and a provider's name lie the routes of this app. */
export const PREFIX = '/api/v1/';

/** A request on its way through the routes. */
export interface Incoming {
  readonly parts: LlmParts;
  readonly prefix: ProviderPrefix;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** What a request asks for, of a provider that this process speaks to. */
export interface Understood {
  readonly service: ProviderService;
  readonly endpoint: Endpoint;
  readonly place: Place;
}

/** @returns what a request is addressed to, as sent; the path is `/` for the prefix itself */
export function placeOf({ prefix: { provider }, request: { method, url } }: Incoming): Place {
  const mark = url.indexOf('?');
  const path = (mark < 0 ? url : url.slice(0, mark)).slice(PREFIX.length + provider.id.length);
  const query = mark < 0 ? '' : url.slice(mark + 1);
  return { provider: provider.id, method, path: path === '' ? '/' : path, query };
}

/** @returns the agent's token: from `Authorization`, else from where the provider's users put its key */
export function tokenOf(incoming: Incoming): string | undefined {
  const { prefix, request } = incoming;
  const { tokenHeader, tokenParameter } = prefix.provider;
  const token =
    bearerOf(request.headers.authorization) ??
    (tokenHeader === undefined ? undefined : headerOf(request, tokenHeader));
  if (token !== undefined || tokenParameter === undefined) return token;
  // As every client writes it: a token has no character that must be escaped, and what is no token is nobody's.
  const start = `${tokenParameter}=`;
  return placeOf(incoming)
    .query.split('&')
    .find((part) => part.startsWith(start))
    ?.slice(start.length);
}

/** Begins the exchange of a request; it ends when its client goes away. */
export function exchangeOf(incoming: Incoming): Exchange {
  const { parts, prefix, reply } = incoming;
  return startExchange(parts.proxy, reply, {
    kind: 'llm',
    token: tokenOf(incoming),
    serverId: '',
    provider: prefix.provider.id,
  });
}

/** Refuses a request without looking into it; recorded when its agent is known. */
export async function refuseRequest(
  incoming: Incoming,
  reasonCode: ReasonCode,
  reason: string,
): Promise<FastifyReply> {
  const exchange = exchangeOf(incoming);
  const refusal = refuse(reasonCode, reason);
  const result = await runExchange<null, null, never>(incoming.parts.proxy.guard, exchange, {
    parse: () => {
      exchange.extra['endpoint'] = endpointIn(exchange, incoming);
      return refusal;
    },
    forward: () => Promise.resolve({ kind: 'failed', fault: 'upstream_error' }),
    codeOf: statusOf,
    discard: () => undefined,
  });
  const refused = result.type === 'refused' ? result : { refusal, decisionId: exchange.id };
  return sendRefusal(incoming, refused.refusal, refused.decisionId);
}

const PLAIN_PATH = /^\/[A-Za-z0-9/_.:-]{1,127}$/;

/** Method and path for the record; the method alone when the path could carry a payload. */
function endpointIn({ config }: Exchange, incoming: Incoming): string {
  const { method, path } = placeOf(incoming);
  const isPlain = PLAIN_PATH.test(path) && config?.scan.outbound(path.split('/')).dlp.length === 0;
  return isPlain ? `${method} ${path}` : method;
}

/** @returns a refusal as any dialect says it */
export function errorFacts({ request }: Incoming, refusal: Refusal): ErrorFacts {
  const { reasonCode } = refusal;
  return { status: statusOf(refusal), reasonCode, message: sentenceOf(refusal), requestId: request.id };
}

/** Answers a refusal in the provider's envelope. @param decisionId the decision that refused it, if there is one */
export async function sendRefusal(
  incoming: Incoming,
  refusal: Refusal,
  decisionId?: string,
): Promise<FastifyReply> {
  const { prefix, reply } = incoming;
  const facts = errorFacts(incoming, refusal);
  reply.headers(prefix.provider.errorHeaders(facts));
  if (decisionId !== undefined && refusal.isRecorded) reply.header(DECISION_HEADER, decisionId);
  if (refusal.escalationId !== null) reply.header(ESCALATION_HEADER, refusal.escalationId);
  if (facts.status === 401) reply.header('www-authenticate', 'Bearer');
  if (refusal.retryAfterSeconds !== null) reply.header('retry-after', String(refusal.retryAfterSeconds));
  // What ends otherwise only when something else changes is not worth another try at once.
  const isBudget = refusal.reasonCode === 'budget_exceeded';
  if (facts.status >= 500 || isBudget) reply.header('x-should-retry', 'false');
  return reply
    .code(facts.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(prefix.provider.envelope(facts, placeOf(incoming).path)));
}
