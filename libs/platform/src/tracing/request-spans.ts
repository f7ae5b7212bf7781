import type { FastifyInstance, FastifyRequest } from 'fastify';
import { whenOver } from '../http/when-over';
import type { Span, Tracing } from './tracing';

const SPANS = new WeakMap<FastifyRequest, Span>();

/** Begins a span for each sampled request of a server, until its answer is over. Call it before routes are added. */
export function traceRequests(server: FastifyInstance, tracing: Tracing): void {
  server.addHook('onRequest', (request, reply, done) => {
    const { method, routeOptions, headers } = request;
    const route = routeOptions.url ?? 'unmatched';
    const span = tracing.fromOutside(headers['traceparent'], `${method} ${route}`);
    if (span) {
      SPANS.set(request, span);
      // The route and not the path: that is text of the caller's.
      span.set({ 'http.request.method': method, 'http.route': route });
      whenOver(reply.raw, () => {
        const { statusCode, writableFinished } = reply.raw;
        span.set({ 'http.response.status_code': statusCode });
        span.end(statusCode >= 500 ? String(statusCode) : writableFinished ? undefined : 'client_aborted');
      });
    }
    done();
  });
}

/** @returns the span of a request, when it is sampled */
export function spanOf(request: FastifyRequest): Span | undefined {
  return SPANS.get(request);
}
