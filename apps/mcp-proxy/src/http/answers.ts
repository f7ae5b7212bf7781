import type { FastifyInstance, FastifyReply } from 'fastify';
import { JSON_RPC } from '@behavry/contracts';
import type { Exchange, ExchangeResult, Refusal, UpstreamFault } from '@behavry/pipeline';
import type { Logger } from '@behavry/platform';
import { hangUp } from '@behavry/proxy';
import { FAULTS, type McpFault } from '../exchange/mcp-fault';
import type { Incoming, McpAnswer } from '../exchange/mcp-request';
import { refusalText } from '../exchange/refusal-text';
import { answerText, errorText, type RpcId } from '../messages/rpc-message';

const JSON_TYPE = 'application/json';

/** Says a fault of the request itself. */
export function sendFault(
  reply: FastifyReply,
  fault: McpFault,
  id: RpcId | null = null,
  decisionId?: string,
): FastifyReply {
  const data = {
    reason_code: fault.reasonCode,
    ...(decisionId === undefined ? {} : { decision_id: decisionId }),
  };
  if (fault.status === 405) reply.header('allow', 'GET, POST, DELETE');
  return reply
    .code(fault.status)
    .type(JSON_TYPE)
    .send(errorText(id, fault.code, fault.message, data));
}

/** Answers what is thrown in a scope, and says nothing of what it was. */
export function answerErrors(scope: FastifyInstance, log: Logger): void {
  scope.setErrorHandler(async (error, _request, reply) => {
    const { statusCode } = error as { readonly statusCode?: number };
    if (statusCode === 413) return sendFault(reply, FAULTS.tooLarge);
    if (statusCode !== undefined && statusCode < 500) return sendFault(reply, FAULTS.noMessage);
    log.error({ err: error }, 'a request could not be handled');
    return reply
      .code(500)
      .type(JSON_TYPE)
      .send(errorText(null, JSON_RPC.internal, 'internal error'));
  });
}

/** Says that the caller is not known (RFC 6750 §3). */
export function sendUnauthenticated(reply: FastifyReply, hadToken: boolean): FastifyReply {
  const error = hadToken ? ', error="invalid_token"' : '';
  return reply
    .code(401)
    .header('www-authenticate', `Bearer realm="behavry"${error}`)
    .type(JSON_TYPE)
    .send(
      errorText(null, JSON_RPC.invalidRequest, 'a valid agent token is required', {
        reason_code: 'agent_unknown',
      }),
    );
}

/** Says how an exchange ended, streams apart. */
export function sendResult(
  reply: FastifyReply,
  incoming: Incoming,
  exchange: Exchange,
  result: Exclude<ExchangeResult<McpAnswer, McpFault>, { type: 'stream' }>,
): FastifyReply {
  switch (result.type) {
    case 'refused':
      return sendRefusal(reply, incoming, exchange, result.refusal, result.decisionId);
    case 'failed':
      return sendFailed(reply, incoming, exchange, result.fault);
    case 'message':
      return sendAnswer(reply, result.payload, result.value, result.isChanged);
  }
}

/** HTTP 200, because clients drop the body of everything else (MCP clients, seen). */
function sendRefusal(
  reply: FastifyReply,
  { body }: Incoming,
  exchange: Exchange,
  refusal: Refusal<McpFault>,
  decisionId: string,
): FastifyReply {
  const { fault, retryAfterSeconds } = refusal;
  if (fault) return sendFault(reply, fault, body.id, exchange.id);
  if (refusal.isUnauthenticated) return sendUnauthenticated(reply, exchange.token !== undefined);
  if (retryAfterSeconds !== null) reply.header('retry-after', String(retryAfterSeconds));
  const { id } = body;
  // Nobody waits for the answer to a notification, so only the status can tell.
  return reply
    .code(id === null ? 403 : 200)
    .type(JSON_TYPE)
    .send(refusalText(exchange, id, refusal, decisionId));
}

function sendFailed(
  reply: FastifyReply,
  { body }: Incoming,
  exchange: Exchange,
  fault: UpstreamFault,
): FastifyReply {
  if (fault === 'client_aborted') return hangUp(reply);
  const { id } = body;
  const message = fault === 'upstream_timeout' ? 'the server did not answer in time' : 'the server failed';
  return reply
    .code(id === null ? 502 : 200)
    .type(JSON_TYPE)
    .send(
      errorText(id, JSON_RPC.unavailable, message, {
        reason: 'the server could not be reached or failed',
        reason_code: fault,
        policy: null,
        decision_id: exchange.id,
      }),
    );
}

function sendAnswer(
  reply: FastifyReply,
  payload: McpAnswer,
  value: unknown,
  isChanged: boolean,
): FastifyReply {
  switch (payload.type) {
    case 'accepted':
    case 'events':
      return reply.code(202).send();
    case 'ended':
      return reply.code(200).send();
    case 'answer': {
      const { clientId, isError, raw, isFinal, session } = payload;
      if (session) reply.header('mcp-session-id', session.id);
      const text = raw === null || (isChanged && !isFinal) ? answerText(clientId, isError, value) : raw;
      return reply.code(200).type(JSON_TYPE).send(text);
    }
  }
}
