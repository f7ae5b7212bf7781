import type { FastifyReply } from 'fastify';
import { runExchange, type Exchange, type ExchangeResult } from '@behavry/pipeline';
import { bodyOf, DECISION_HEADER, hangUp } from '@behavry/proxy';
import type { Endpoint } from '../dialects/dialect';
import { outboundHeaders } from '../dialects/request-headers';
import { ModelAdapter, type AgentAnswer } from '../exchange/model-adapter';
import { faultRefusal } from '../exchange/refusal-status';
import { exchangeOf, refuseRequest, sendRefusal, type Incoming, type Understood } from './incoming';
import { sendStream } from './send-stream';

/** Answers one use of a model. */
export async function runModel(
  incoming: Incoming,
  { service, endpoint, place }: Understood,
): Promise<FastifyReply> {
  const { parts, request } = incoming;
  const { dialect } = service;
  const outbound = outboundHeaders(dialect, request.headers);
  if (!outbound) return refuseRequest(incoming, 'request_malformed', `${dialect.keyHeader} is not a key`);
  const exchange = exchangeOf(incoming);
  exchange.extra['endpoint'] = endpoint.name;
  const adapter = new ModelAdapter(parts, { service, endpoint, place, outbound, bytes: bodyOf(request) });
  const result = await runExchange(parts.proxy.guard, exchange, adapter);
  const reply = await answer(incoming, exchange, endpoint, result);
  parts.countTokens(exchange.tokens);
  return reply;
}

async function answer(
  incoming: Incoming,
  exchange: Exchange,
  endpoint: Endpoint,
  result: ExchangeResult<AgentAnswer, never>,
): Promise<FastifyReply> {
  if (result.type === 'refused') return sendRefusal(incoming, result.refusal, result.decisionId);
  if (result.type === 'failed') {
    if (result.fault === 'client_aborted') return hangUp(incoming.reply);
    return sendRefusal(incoming, faultRefusal(result.fault), exchange.id);
  }
  const { payload } = result;
  if (payload.kind === 'stream') return sendStream(incoming, exchange, endpoint, payload);
  let body: Uint8Array | string = payload.bytes;
  if (result.type === 'message' && result.isChanged && !payload.isFinal) {
    endpoint.dropEchoes(result.value);
    body = JSON.stringify(result.value);
  }
  return incoming.reply
    .code(payload.status)
    .headers({ ...payload.headers, [DECISION_HEADER]: exchange.id })
    .type('application/json; charset=utf-8')
    .send(body);
}
