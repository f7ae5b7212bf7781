import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Exchange, type ExchangeStart, type UpstreamFault } from '@behavry/pipeline';
import { spanOf, whenOver } from '@behavry/platform';
import type { Proxy } from './open-proxy';
import { unusedConnections } from './unused-connections';

/** Header that names the decision behind an answer (surface: bodies). */
export const DECISION_HEADER = 'x-behavry-decision';

/**
 * What the routes of every proxy share: bodies arrive as bytes, whatever they claim to be, and what listens is ended
 * before the server closes.
 */
export function prepareScope(scope: FastifyInstance, proxy: Proxy, maxBodyBytes: number): void {
  const closeUnused = unusedConnections(scope.server);
  takeBodies(scope, maxBodyBytes);
  // A listening stream never ends by itself; the server waits for every connection before it closes.
  scope.addHook('preClose', () => {
    proxy.shutdown.hasBegun = true;
    proxy.guard.open.stopListeners();
    closeUnused();
    return Promise.resolve();
  });
}

/** Lets bodies arrive as bytes, whatever they claim to be. */
export function takeBodies(scope: FastifyInstance, maxBodyBytes: number): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) => {
    done(null, body);
  });
}

/** Begins the exchange of a request; it ends when its client goes away. */
export function startExchange(
  proxy: Proxy,
  reply: FastifyReply,
  start: Omit<ExchangeStart, 'id' | 'startedAt' | 'size'>,
): Exchange {
  const exchange = new Exchange({
    ...start,
    id: proxy.makeId(),
    startedAt: proxy.guard.now(),
    size: bodyOf(reply.request).length,
    span: proxy.isTraced ? spanOf(reply.request) : undefined,
  });
  whenOver(reply.raw, () => {
    if (!reply.raw.writableFinished) exchange.stop('client_aborted');
  });
  return exchange;
}

/** Ends a connection whose client is gone or may be told nothing more. */
export function hangUp(reply: FastifyReply): FastifyReply {
  reply.hijack();
  reply.raw.destroy();
  return reply;
}

const EMPTY = Buffer.alloc(0);

/** @returns the bytes of a request's body */
export function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : EMPTY;
}

/** @returns a header that was sent once and is not empty */
export function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** @returns the media type of a `Content-Type` without its parameters, in lower case */
export function mediaTypeOf(header: string | readonly string[] | undefined): string {
  const first = typeof header === 'string' ? header : header?.[0];
  return (first?.split(';', 1)[0] ?? '').trim().toLowerCase();
}

const TIMEOUTS: ReadonlySet<string | undefined> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** @returns what a failed exchange with an upstream is called */
export function faultOf(error: unknown, { stopReason }: Pick<Exchange, 'stopReason'>): UpstreamFault {
  if (stopReason !== null) return 'client_aborted';
  return TIMEOUTS.has((error as NodeJS.ErrnoException).code) ? 'upstream_timeout' : 'upstream_error';
}
