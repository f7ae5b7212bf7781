import type { FastifyReply } from 'fastify';
import { JSON_RPC } from '@behavry/contracts';
import type { Exchange, Refusal, UpstreamFault } from '@behavry/pipeline';
import type { McpFault } from '../exchange/mcp-fault';
import { idOf, type McpRequest } from '../exchange/mcp-request';
import { refusalText } from '../exchange/relay';
import { errorText } from '../messages/rpc-message';

export const DECISION_HEADER = 'x-behavry-decision';
const JSON_TYPE = 'application/json';

/** Says a fault of the request itself. */
export function sendFault(reply: FastifyReply, fault: McpFault, request?: McpRequest): FastifyReply {
  const data = { reason_code: fault.reasonCode, ...(request ? { decision_id: request.exchange.id } : {}) };
  const id = request ? idOf(request) : null;
  if (fault.status === 405) reply.header('allow', 'GET, POST, DELETE');
  return reply
    .code(fault.status)
    .type(JSON_TYPE)
    .send(errorText(id, fault.code, fault.message, data));
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

/** Says a refusal: HTTP 200, because clients drop the body of everything else (MCP clients, seen). */
export function sendRefusal(reply: FastifyReply, request: McpRequest, refusal: Refusal): FastifyReply {
  const { exchange, fault } = request;
  if (fault) return sendFault(reply, fault, request);
  if (refusal.isUnauthenticated) return sendUnauthenticated(reply, exchange.token !== undefined);
  if (refusal.retryAfterSeconds !== null) reply.header('retry-after', String(refusal.retryAfterSeconds));
  const id = idOf(request);
  // Nobody waits for the answer to a notification, so only the status can tell.
  return reply
    .code(id === null ? 403 : 200)
    .type(JSON_TYPE)
    .send(refusalText(exchange, id, refusal));
}

/** Says that the upstream failed. */
export function sendFailed(reply: FastifyReply, request: McpRequest, fault: UpstreamFault): FastifyReply {
  if (request.fault) return sendFault(reply, request.fault, request);
  const message = fault === 'upstream_timeout' ? 'the server did not answer in time' : 'the server failed';
  const id = idOf(request);
  return reply
    .code(id === null ? 502 : 200)
    .type(JSON_TYPE)
    .send(errorText(id, JSON_RPC.unavailable, message, failureData(request.exchange, fault)));
}

function failureData(exchange: Exchange, fault: UpstreamFault): object {
  return {
    reason: 'the server could not be reached or failed',
    reason_code: fault,
    policy: null,
    decision_id: exchange.id,
  };
}
