import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { JSON_RPC } from '@behavry/contracts';
import { runExchange, type Exchange } from '@behavry/pipeline';
import { bearerOf } from '@behavry/platform';
import { bodyOf, DECISION_HEADER, headerOf, prepareScope, startExchange } from '@behavry/proxy';
import { McpAdapter } from '../exchange/mcp-adapter';
import { FAULTS, type McpFault } from '../exchange/mcp-fault';
import { RequestBody, type Incoming, type McpAnswer, type McpParts } from '../exchange/mcp-request';
import { relayEvents } from '../exchange/relay';
import { errorText } from '../messages/rpc-message';
import { sendFault, sendResult, sendUnauthenticated } from './answers';
import { checkGet, checkPeer, checkPost, type AllowedPeers } from './request-checks';
import { SseWriter } from './sse-writer';

const PATHS = ['/mcp/v1/:serverId', '/mcp/v1/servers/:serverId/mcp'];
const KIND_OF: Readonly<Record<string, Incoming['kind']>> = { GET: 'listen', DELETE: 'end' };

/** Mounts the routes of the proxy, raw: no framework code runs for a request. */
export function mcpRoutes(parts: McpParts, peers: AllowedPeers): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    prepareScope(scope, parts, parts.maxBodyBytes);
    // In this order: a strange peer learns nothing, an unknown caller only that it is unknown.
    scope.addHook('onRequest', async (request, reply) => {
      const fault = checkPeer(request.headers, peers);
      if (fault) return sendFault(reply, fault);
      const token = bearerOf(request.headers.authorization);
      if (token === undefined || !parts.guard.identify.identify(token)) {
        return sendUnauthenticated(reply, token !== undefined);
      }
      const wrong = checkHeaders(request);
      return wrong ? sendFault(reply, wrong) : undefined;
    });
    scope.setErrorHandler(async (error, _request, reply) => {
      const { statusCode } = error as { readonly statusCode?: number };
      if (statusCode === 413) return sendFault(reply, FAULTS.tooLarge);
      if (statusCode !== undefined && statusCode < 500) return sendFault(reply, FAULTS.noMessage);
      parts.log.error({ err: error }, 'a request could not be handled');
      return reply
        .code(500)
        .type('application/json')
        .send(errorText(null, JSON_RPC.internal, 'internal error'));
    });
    for (const url of PATHS) {
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        handler: (request, reply) => handle(parts, request, reply),
      });
      scope.route({
        method: ['PUT', 'PATCH'],
        url,
        handler: (_request, reply) => sendFault(reply, FAULTS.methodNotAllowed),
      });
    }
    for (const url of ['/mcp/v1', '/mcp/v1/'])
      scope.all(url, (_request, reply) => sendFault(reply, FAULTS.aggregate));
    scope.all('/mcp/v1/*', (_request, reply) => sendFault(reply, FAULTS.notFound));
    return Promise.resolve();
  };
}

async function handle(parts: McpParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { serverId } = request.params as { readonly serverId: string };
  const exchange = startExchange(parts, reply, {
    kind: 'mcp',
    token: bearerOf(request.headers.authorization),
    serverId,
  });
  const incoming = incomingOf(request, parts.maxBodyBytes);
  reply.header(DECISION_HEADER, exchange.id);
  const result = await runExchange<unknown, McpAnswer, McpFault>(
    parts.guard,
    exchange,
    new McpAdapter(parts, incoming),
  );
  if (result.type !== 'stream') return sendResult(reply, incoming, exchange, result);
  if (result.payload.type === 'events') await sendStream(parts, incoming, exchange, reply, result.payload);
  return reply;
}

async function sendStream(
  parts: McpParts,
  incoming: Incoming,
  exchange: Exchange,
  reply: FastifyReply,
  stream: Extract<McpAnswer, { type: 'events' }>,
): Promise<void> {
  reply.hijack();
  const writer = new SseWriter(reply.raw, { [DECISION_HEADER]: exchange.id });
  try {
    await relayEvents(parts, incoming, exchange, stream, writer);
  } finally {
    writer.end(parts.shutdown.hasBegun);
  }
}

function checkHeaders(request: FastifyRequest): McpFault | undefined {
  if (request.method === 'POST') return checkPost(request.headers);
  return request.method === 'GET' && request.routeOptions.url?.includes(':serverId') === true
    ? checkGet(request.headers)
    : undefined;
}

function incomingOf(request: FastifyRequest, maxBodyBytes: number): Incoming {
  return {
    kind: KIND_OF[request.method] ?? 'message',
    body: new RequestBody(bodyOf(request), maxBodyBytes),
    sessionId: headerOf(request, 'mcp-session-id'),
    protocolVersion: headerOf(request, 'mcp-protocol-version'),
    lastEventId: headerOf(request, 'last-event-id'),
    trace: traceOf(request),
  };
}

const TRACE_PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Trace context in its own form (W3C Trace Context); `tracestate` is text of the caller's, and scanned with the call. */
function traceOf(request: FastifyRequest): Record<string, string> {
  const parent = headerOf(request, 'traceparent');
  if (parent === undefined || !TRACE_PARENT.test(parent)) return {};
  const state = headerOf(request, 'tracestate');
  return state === undefined || state.length > 512
    ? { traceparent: parent }
    : { traceparent: parent, tracestate: state };
}
