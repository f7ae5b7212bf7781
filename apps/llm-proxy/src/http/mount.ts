import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuse } from '@behavry/pipeline';
import { PROVIDERS, endpointOf, type Provider } from '../domain/provider';
import type { LlmParts } from '../llm-proxy.parts';
import { tokenOf } from './caller';
import { PREFIX, pathOf } from './path-of';
import { refuseRequest } from './refuse-request';
import { runChat } from './run-chat';
import { sendRefusal } from './send-refusal';

const NO_AGENT = refuse('agent_unknown', 'a valid agent token is required', {
  isUnauthenticated: true,
  isRecorded: false,
});

/** Adds the routes of all providers, outside Nest. Bodies are read as bytes, and only of known agents. */
export async function mountRoutes(server: FastifyInstance, parts: LlmParts): Promise<void> {
  const { maxBodyBytes } = parts.context.config;
  await server.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      '*',
      { parseAs: 'buffer', bodyLimit: maxBodyBytes },
      (_request, body, parsed) => {
        parsed(null, body);
      },
    );
    for (const provider of PROVIDERS) addRoutes(scope, parts, provider);
    done();
  });
}

function addRoutes(scope: FastifyInstance, parts: LlmParts, provider: Provider): void {
  const onRequest = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
    admit(parts, request, reply, provider);
  const errorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    answerError(parts, error, request, reply, provider).catch(() => reply.raw.destroy());
  };
  const handler = (request: FastifyRequest, reply: FastifyReply): Promise<unknown> =>
    runChat(parts, request, reply);
  for (const url of [`${PREFIX}${provider}`, `${PREFIX}${provider}/*`]) {
    scope.all(url, { onRequest, errorHandler, handler, bodyLimit: parts.context.config.maxBodyBytes });
  }
}

async function answerError(
  parts: LlmParts,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
): Promise<unknown> {
  const { statusCode } = error as { readonly statusCode?: unknown };
  if (statusCode === 413) return tooLarge(parts, request, reply, provider);
  if (typeof statusCode === 'number' && statusCode < 500) {
    return refuseRequest(
      parts,
      request,
      closing(reply),
      provider,
      'request_malformed',
      'the body could not be read',
    );
  }
  parts.context.log.error(
    { err: error, request_id: request.id },
    'a request failed in a way nobody expected',
  );
  if (reply.raw.headersSent) return reply.raw.destroy();
  return sendRefusal(request, reply, provider, refuse('upstream_error', 'an unexpected error'), undefined);
}

/** Everything that can be refused before a body is read, is; what remains is a chat completion. */
async function admit(
  parts: LlmParts,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
): Promise<unknown> {
  const { headers, method, url } = request;
  const token = tokenOf(provider, headers);
  const endpoint = endpointOf(provider, method, pathOf(provider, url), headers.upgrade !== undefined);
  if (token === undefined || !parts.guard.identify.identify(token)) {
    parts.guard.metrics.rejected({ reasonCode: 'unauthenticated' });
    return sendRefusal(request, closing(reply), provider, NO_AGENT, undefined);
  }
  if (endpoint === 'unsupported') {
    const reason = 'this endpoint is not supported, so nothing of it is passed on';
    return refuseRequest(parts, request, closing(reply), provider, 'endpoint_unsupported', reason);
  }
  if (!/^application\/json\s*(;|$)/i.test(headers['content-type'] ?? '')) {
    return refuseRequest(
      parts,
      request,
      closing(reply),
      provider,
      'request_malformed',
      'Content-Type must be application/json',
    );
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return refuseRequest(
      parts,
      request,
      closing(reply),
      provider,
      'request_malformed',
      'Content-Encoding is not supported',
    );
  }
  if (Number(headers['content-length'] ?? 0) > parts.context.config.maxBodyBytes) {
    return tooLarge(parts, request, reply, provider);
  }
  return undefined;
}

function tooLarge(
  parts: LlmParts,
  request: FastifyRequest,
  reply: FastifyReply,
  provider: Provider,
): Promise<unknown> {
  return refuseRequest(
    parts,
    request,
    closing(reply),
    provider,
    'request_too_large',
    'the body is too large',
  );
}

// Its body was not read, so the connection cannot be used again.
function closing(reply: FastifyReply): FastifyReply {
  return reply.header('connection', 'close');
}
