import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { bearerOf } from '@behavry/platform';
import { headerOf, prepareScope } from '@behavry/proxy';
import { FAULTS, type McpFault } from '../exchange/mcp-fault';
import type { McpParts } from '../exchange/mcp-request';
import { answerErrors, sendFault, sendUnauthenticated } from './answers';
import { checkGet, checkPeer, checkPost, type AllowedPeers } from './request-checks';
import { runHere } from './run-here';

const PATHS = ['/mcp/v1/:serverId', '/mcp/v1/servers/:serverId/mcp'];

/** Mounts the routes of the proxy, raw: no framework code runs for a request. */
export function mcpRoutes(parts: McpParts, peers: AllowedPeers): (scope: FastifyInstance) => Promise<void> {
  return async (scope) => {
    prepareScope(scope, parts, parts.maxBodyBytes);
    scope.addHook('preClose', () => {
      parts.replicas.leave();
      parts.handOn.stopListeners();
      return Promise.resolve();
    });
    // In this order: a strange peer learns nothing, an unknown caller only that it is unknown.
    scope.addHook('onRequest', async (request, reply) => {
      const fault = checkPeer(request.headers, peers);
      if (fault) return sendFault(reply, fault);
      const token = bearerOf(request.headers.authorization);
      if (token === undefined || !(await parts.guard.identify.identifySoon(token))) {
        return sendUnauthenticated(reply, token !== undefined);
      }
      const wrong = checkHeaders(request);
      return wrong ? sendFault(reply, wrong) : undefined;
    });
    answerErrors(scope, parts.log);
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

/** Runs what belongs here, and hands on what belongs to a session of another replica. */
function handle(parts: McpParts, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const owner = parts.replicas.ownerOf(headerOf(request, 'mcp-session-id') ?? '');
  return owner === undefined
    ? runHere(parts, request, reply, bearerOf(request.headers.authorization))
    : parts.handOn.send(request, reply, owner);
}

function checkHeaders(request: FastifyRequest): McpFault | undefined {
  if (request.method === 'POST') return checkPost(request.headers);
  return request.method === 'GET' && request.routeOptions.url?.includes(':serverId') === true
    ? checkGet(request.headers)
    : undefined;
}
