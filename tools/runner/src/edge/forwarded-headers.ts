import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyRequest } from 'fastify';

/** Marks the abort signal among the headers handed to the proxy library, which copies symbols too. */
export const ABORT = Symbol('abort');

// Of one connection only (RFC 9110 §7.6.1), or claims about the client that only the edge may make.
const DROPPED =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|forwarded|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-url)$/u;

/**
 * The headers that go on to an app: those of the client, without what concerns this connection, and
 * with where the request came from as the edge saw it.
 * @param headers as the proxy library hands them over
 * @param abort ends the call to the app when the client has gone
 */
export function forwardedHeaders(
  request: FastifyRequest,
  headers: IncomingHttpHeaders,
  abort: AbortSignal,
): IncomingHttpHeaders {
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const kept = Object.entries(headers).filter(
    ([name]) => !DROPPED.test(name) && (hasBody || (name !== 'content-length' && name !== 'content-type')),
  );
  const host = request.headers.host ?? '';
  return {
    ...Object.fromEntries(kept),
    host,
    'x-forwarded-for': request.raw.socket.remoteAddress ?? '',
    'x-forwarded-host': host,
    'x-forwarded-proto': 'http',
    [ABORT]: abort,
  };
}

/** The headers of an answer without those that concern the connection behind the edge. */
export function answerHeaders<T extends IncomingHttpHeaders>(headers: T): T {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !/^(?:connection|keep-alive|transfer-encoding|upgrade)$/u.test(name),
    ),
  ) as T;
}
