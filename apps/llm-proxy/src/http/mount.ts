import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '@behavry/pipeline';
import { mediaTypeOf, prepareScope } from '@behavry/proxy';
import type { LlmParts, ProviderPrefix } from '../llm-proxy.parts';
import {
  placeOf,
  PREFIX,
  refuseRequest,
  sendRefusal,
  tokenOf,
  type Incoming,
  type Understood,
} from './incoming';
import { runModel } from './run-model';

const NO_AGENT = refuse('agent_unknown', 'a valid agent token is required', {
  isUnauthenticated: true,
  isRecorded: false,
});

/** Adds the routes of all providers, outside Nest. Bodies are read as bytes, and only of known agents. */
export async function mountRoutes(server: FastifyInstance, parts: LlmParts): Promise<void> {
  await server.register((scope, _options, done) => {
    prepareScope(scope, parts.proxy, parts.maxBodyBytes);
    for (const prefix of parts.prefixes) addRoutes(scope, parts, prefix);
    done();
  });
}

function addRoutes(scope: FastifyInstance, parts: LlmParts, prefix: ProviderPrefix): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
    admit({ parts, prefix, request, reply });
  const errorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    answerError({ parts, prefix, request, reply }, error).catch(() => reply.raw.destroy());
  };
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> => {
    const incoming = { parts, prefix, request, reply };
    const understood = understand(incoming);
    return understood ? runModel(incoming, understood) : refuseUnsupported(incoming);
  };
  for (const url of [`${PREFIX}${prefix.provider.id}`, `${PREFIX}${prefix.provider.id}/*`]) {
    scope.all(url, { onRequest, errorHandler, handler, bodyLimit: parts.maxBodyBytes });
  }
}

function understand(incoming: Incoming): Understood | undefined {
  const { prefix, request } = incoming;
  const { service } = prefix;
  // Another protocol on the same connection would go past everything here.
  if (!service || request.headers.upgrade !== undefined) return undefined;
  const place = placeOf(incoming);
  const endpoint = service.dialect.endpointOf(place);
  return endpoint && { service, endpoint, place };
}

/** Everything that can be refused before a body is read, is. */
async function admit(incoming: Incoming): Promise<unknown> {
  const { parts, request } = incoming;
  const { guard } = parts.proxy;
  const token = tokenOf(incoming);
  if (token === undefined || !(await guard.identify.identifySoon(token))) {
    guard.metrics.rejected({ reasonCode: 'unauthenticated' });
    return sendRefusal(incoming, NO_AGENT);
  }
  const understood = understand(incoming);
  if (!understood) return refuseUnsupported(incoming);
  const { headers } = request;
  if (understood.endpoint.method === 'GET') return undefined;
  if (mediaTypeOf(headers['content-type']) !== 'application/json') {
    return refuseMalformed(incoming, 'Content-Type must be application/json');
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    return refuseMalformed(incoming, 'Content-Encoding is not supported: send the body as it is');
  }
  return Number(headers['content-length'] ?? 0) > parts.maxBodyBytes ? refuseTooLarge(incoming) : undefined;
}

async function answerError(incoming: Incoming, error: unknown): Promise<unknown> {
  const { parts, request, reply } = incoming;
  const { statusCode } = error as { readonly statusCode?: unknown };
  if (statusCode === 413) return refuseTooLarge(incoming);
  if (typeof statusCode === 'number' && statusCode < 500) {
    return refuseMalformed(incoming, 'the body could not be read');
  }
  parts.proxy.log.error({ err: error, request_id: request.id }, 'a request failed in a way nobody expected');
  if (reply.raw.headersSent) return reply.raw.destroy();
  return sendRefusal(incoming, refuse('upstream_error', 'an unexpected error', { isRecorded: false }));
}

function refuseUnsupported(incoming: Incoming): Promise<unknown> {
  const reason = 'this endpoint is not supported, so nothing of it is passed on';
  return refuseRequest(incoming, 'endpoint_unsupported', reason);
}

function refuseMalformed(incoming: Incoming, reason: string): Promise<unknown> {
  return refuseRequest(incoming, 'request_malformed', reason);
}

function refuseTooLarge(incoming: Incoming): Promise<unknown> {
  const most = `${String(incoming.parts.maxBodyBytes)} bytes`;
  return refuseRequest(incoming, 'request_too_large', `the body is larger than ${most}`);
}
