import { randomUUID } from 'node:crypto';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Histogram } from 'prom-client';
import { PersonAccess } from '../auth/person-access';
import type { ServiceConfig } from '../config/service-config';
import { ProblemFilter } from '../errors/problem.filter';
import { validationPipe } from '../errors/validation';
import { addSecurityHeaders } from '../http/security-headers';
import { addressMatcher } from '../net/address-guard';
import { MAX_PARAM_LENGTH } from '../ops/ops-server';
import { traceRequests } from '../tracing/request-spans';
import type { ServiceContext } from './service-context';

const REQUEST_ID = /^[A-Za-z0-9._-]{8,128}$/;
/** Above the 60 s at which load balancers usually drop an idle connection. */
const KEEP_ALIVE_MS = 75_000;
/**
 * A request, its body included, must have come by then; answers may last longer. The rest of a body that was refused
 * unread is thrown away for as long, because a connection that is closed before may take the refusal with it.
 */
const REQUEST_MS = 300_000;

/**
 * The HTTP server of an app; tests use the same. `request.ip` is the caller as the trusted proxy tells it: the last entry
 * of X-Forwarded-For, for what stands before it came from whoever asked that proxy.
 */
export function createAdapter({ trustedProxies }: ServiceConfig): FastifyAdapter {
  const isTrusted = addressMatcher(trustedProxies);
  return new FastifyAdapter({
    trustProxy: (address: string, hop: number) => hop === 0 && isTrusted(address),
    bodyLimit: 1024 * 1024,
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_MS,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, caseSensitive: true, ignoreDuplicateSlashes: false },
    genReqId: ({ headers }: { headers: Readonly<Record<string, unknown>> }) => {
      const given = headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
  });
}

/** Everything that stands around an app's own routes: validation, problems, request ids, metrics. */
export function configureApp(app: NestFastifyApplication, context: ServiceContext): void {
  const access = app.get(PersonAccess);
  const isPublicHttps = context.config.publicUrl?.startsWith('https:') ?? false;
  app.useGlobalPipes(validationPipe());
  app.useGlobalFilters(
    new ProblemFilter(context.log, (request) => {
      access.authenticate(request);
    }),
  );
  const durations = new Histogram({
    name: 'behavry_http_request_duration_seconds',
    help: 'Time from request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60],
    registers: [context.metrics],
  });
  const server = app.getHttpAdapter().getInstance();
  if (context.tracing) traceRequests(server, context.tracing);
  server.addHook('onSend', (request, reply, payload, done) => {
    reply.header('x-request-id', request.id);
    addSecurityHeaders(request, reply, isPublicHttps);
    done(null, payload);
  });
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'unmatched';
    durations.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000);
    context.log.debug(
      {
        request_id: request.id,
        method: request.method,
        route,
        status: reply.statusCode,
        ms: reply.elapsedTime,
      },
      'request',
    );
    done();
  });
}
