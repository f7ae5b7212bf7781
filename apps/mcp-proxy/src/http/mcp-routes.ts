import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { JSON_RPC } from '@behavry/contracts';
import { Exchange, runExchange } from '@behavry/pipeline';
import { whenOver } from '@behavry/platform';
import { FAULTS } from '../exchange/mcp-fault';
import { McpAdapter } from '../exchange/mcp-adapter';
import type { McpPayload } from '../exchange/mcp-payload';
import type { McpParts } from '../exchange/mcp-parts';
import type { McpRequest } from '../exchange/mcp-request';
import { relayEvents } from '../exchange/relay';
import { withContent } from '../exchange/forward';
import { errorText } from '../messages/rpc-message';
import { DECISION_HEADER, sendFailed, sendFault, sendRefusal, sendUnauthenticated } from './answers';
import { checkGet, checkPeer, checkPost, type AllowedPeers } from './request-checks';
import { SseWriter } from './sse-writer';
import { unusedConnections } from './unused-connections';

const BEARER = /^Bearer ([\x21-\x7e]+)$/i;
const PATHS = ['/mcp/v1/:serverId', '/mcp/v1/servers/:serverId/mcp'];
const EMPTY = Buffer.alloc(0);

/** Mounts the routes of the proxy, raw: no framework code runs for a request. */
export function mcpRoutes(parts: McpParts, peers: AllowedPeers): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    const closeUnused = unusedConnections(scope.server);
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: parts.maxBodyBytes },
      (_request, body, done) => {
        done(null, body);
      },
    );
    // In this order: a strange peer learns nothing, an unknown caller only that it is unknown.
    scope.addHook('onRequest', async (request, reply) => {
      const fault = checkPeer(request.headers, peers);
      if (fault) return sendFault(reply, fault);
      const token = tokenOf(request);
      if (token === undefined || !parts.guard.identify.identify(token)) {
        return sendUnauthenticated(reply, token !== undefined);
      }
      const wrong = checkHeaders(request);
      return wrong ? sendFault(reply, wrong) : undefined;
    });
    // A listening stream never ends by itself; the server waits for every connection before it closes.
    scope.addHook('preClose', () => {
      parts.shutdown.hasBegun = true;
      parts.guard.open.stopListeners();
      closeUnused();
      return Promise.resolve();
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
        method: ['GET', 'POST'],
        url,
        handler: (request, reply) => handle(parts, request, reply),
      });
      scope.route({ method: 'DELETE', url, handler: (request, reply) => endSession(parts, request, reply) });
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

async function handle(
  parts: McpParts,
  incoming: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const exchange = new Exchange({
    id: parts.makeId(),
    kind: 'mcp',
    startedAt: parts.guard.now(),
    token: tokenOf(incoming),
    serverId: serverIdOf(incoming),
    model: '',
  });
  const request = requestOf(incoming, exchange);
  reply.header(DECISION_HEADER, exchange.id);
  whenOver(reply.raw, () => {
    if (!reply.raw.writableFinished) exchange.stop('client_aborted');
  });
  const adapter = new McpAdapter(parts, request);
  const result = await runExchange(parts.guard, exchange, adapter);
  switch (result.type) {
    case 'refused':
      return sendRefusal(reply, request, result.refusal);
    case 'failed':
      return result.fault === 'client_aborted' ? hangUp(reply) : sendFailed(reply, request, result.fault);
    case 'message':
      return sendPayload(reply, request, result.payload, result.isChanged, result.value);
    case 'stream':
      if (result.payload.type === 'events') await stream(parts, request, reply, result.payload);
      return reply;
  }
}

function sendPayload(
  reply: FastifyReply,
  request: McpRequest,
  payload: McpPayload,
  isChanged: boolean,
  value: unknown,
): FastifyReply {
  if (payload.type !== 'text') return reply.code(202).send();
  if (payload.sessionId !== undefined) reply.header('mcp-session-id', payload.sessionId);
  const isError = isChanged && request.exchange.settlement?.outcome === 'upstream_error';
  const text = isChanged ? withContent(request, isError, value) : payload.text;
  return reply.code(200).type('application/json').send(text);
}

async function stream(
  parts: McpParts,
  request: McpRequest,
  reply: FastifyReply,
  payload: Extract<McpPayload, { type: 'events' }>,
): Promise<void> {
  const { session } = request;
  reply.hijack();
  const writer = new SseWriter(reply.raw, { [DECISION_HEADER]: request.exchange.id });
  if (session) session.inUse++;
  try {
    await relayEvents(parts, request, payload.events, writer);
  } finally {
    if (session) session.inUse--;
    writer.end(parts.shutdown.hasBegun);
  }
}

async function endSession(
  parts: McpParts,
  incoming: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const id = headerOf(incoming, 'mcp-session-id');
  if (id === undefined) return sendFault(reply, FAULTS.noSession);
  const agentId = parts.guard.identify.identify(tokenOf(incoming) ?? '')?.agentId ?? '';
  const session = parts.sessions.find(id, agentId, serverIdOf(incoming));
  if (!session) return sendFault(reply, FAULTS.unknownSession);
  await parts.sessions.end(session);
  return reply.code(200).send();
}

function hangUp(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

function checkHeaders(request: FastifyRequest): ReturnType<typeof checkPost> {
  if (request.method === 'POST') return checkPost(request.headers);
  return request.method === 'GET' && request.routeOptions.url?.includes(':serverId') === true
    ? checkGet(request.headers)
    : undefined;
}

function requestOf(incoming: FastifyRequest, exchange: Exchange): McpRequest {
  return {
    exchange,
    kind: incoming.method === 'GET' ? 'listen' : 'message',
    body: Buffer.isBuffer(incoming.body) ? incoming.body : EMPTY,
    sessionId: headerOf(incoming, 'mcp-session-id'),
    protocolVersion: headerOf(incoming, 'mcp-protocol-version'),
    lastEventId: headerOf(incoming, 'last-event-id'),
    trace: traceOf(incoming),
    message: null,
    text: '',
    session: null,
    fault: null,
  };
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  return BEARER.exec(headers.authorization ?? '')?.[1];
}

function serverIdOf({ params }: FastifyRequest): string {
  return (params as { readonly serverId?: string }).serverId ?? '';
}

function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function traceOf(incoming: FastifyRequest): Record<string, string> {
  const trace: Record<string, string> = {};
  for (const name of ['traceparent', 'tracestate']) {
    const value = headerOf(incoming, name);
    if (value !== undefined && value.length <= 512) trace[name] = value;
  }
  return trace;
}
