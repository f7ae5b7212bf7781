import { randomUUID } from 'node:crypto';
import replyFrom from '@fastify/reply-from';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { Agent, type Dispatcher } from 'undici';
import { routeFor, type AppName, type Mode } from '@behavry/contracts';
import { version } from '../../../../package.json';
import { ABORT, answerHeaders, forwardedHeaders } from './forwarded-headers';
import { planeHealth } from './plane-health';
import { sendProblem } from './problem';
import { safePath } from './safe-path';

/** Where the apps of a plane listen. */
export interface EdgeOptions {
  readonly mode: Mode;
  readonly appUrl: (app: AppName) => string;
  readonly opsUrl: (app: AppName) => string;
}

/** Longest wait for the first byte of an answer: above every held call and every long poll. */
const HEADERS_TIMEOUT_MS = 120_000;

/**
 * The one address of a plane: sends each path to the app that the route table names, in the modes it
 * names, and nothing else anywhere. Bodies and answers are streamed in both directions.
 */
export async function createEdge(options: EdgeOptions): Promise<FastifyInstance> {
  const agent = new Agent({
    headersTimeout: HEADERS_TIMEOUT_MS,
    bodyTimeout: 0,
    connect: { timeout: 5_000 },
  });
  const server = Fastify({
    logger: false,
    forceCloseConnections: true,
    keepAliveTimeout: 75_000,
    requestTimeout: 0,
    bodyLimit: Number.MAX_SAFE_INTEGER,
    genReqId: requestId,
    requestIdHeader: false,
    frameworkErrors: (_error, _request, reply) => {
      void sendProblem(reply, 'bad_request', 'The path is not accepted: its percent encoding is broken.');
    },
  });
  server.addHook('onClose', () => agent.destroy());
  server.removeAllContentTypeParsers();
  // The body is handed on as the stream it is.
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  await server.register(replyFrom, {
    disableCache: true,
    disableRequestLogging: true,
    undici: { request: abortable(agent) as Dispatcher['request'] },
  });
  addHealthRoutes(server, options, agent);
  // Not a list of routes: the route table alone says what is there.
  server.setNotFoundHandler((request, reply) => forward(request, reply, options));
  return server;
}

function forward(request: FastifyRequest, reply: FastifyReply, { mode, appUrl }: EdgeOptions): FastifyReply {
  const target = request.raw.url ?? '';
  const checked = safePath(target);
  if (!checked.ok) return sendProblem(reply, 'bad_request', `The path is not accepted: ${checked.why}.`);
  const row = routeFor(checked.path);
  if (!row) return sendProblem(reply, 'not_found', 'There is nothing at this path.');
  if (!row.modes.includes(mode)) {
    return sendProblem(
      reply,
      'route_not_in_mode',
      `The route group "${row.group}" is not part of the mode ${mode}.`,
    );
  }
  const abort = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) abort.abort();
  });
  return reply.from(`${appUrl(row.app)}${target}`, {
    retryDelay: () => null,
    rewriteRequestHeaders: (_request, headers) => forwardedHeaders(request, headers, abort.signal),
    rewriteHeaders: answerHeaders,
    onResponse: (_request, answer, { stream }) => {
      answer.send(stream);
      // An event stream may stay silent: its client must still learn that it is open.
      reply.raw.flushHeaders();
    },
    onError: () => {
      if (abort.signal.aborted) return;
      sendProblem(reply, 'upstream_unavailable', `${row.app} did not answer.`);
    },
  });
}

function addHealthRoutes(server: FastifyInstance, { mode, opsUrl }: EdgeOptions, agent: Agent): void {
  const about = { service: 'behavry', version, mode };
  const ready = async (_request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { isReady, apps, faults } = await planeHealth(mode, opsUrl, agent);
    if (isReady) return reply.header('cache-control', 'no-store').send({ status: 'ok', ...about, apps });
    const detail = faults.map(({ field, message }) => `${field}: ${message}`).join(' · ');
    return sendProblem(reply, 'plane_not_ready', detail, {
      ...about,
      health: 'not_ready',
      apps,
      errors: faults,
    });
  };
  server.get('/health', ready);
  server.get('/health/ready', ready);
  server.get('/health/live', (_request, reply) => reply.send({ status: 'ok', ...about }));
}

type RequestCallback = (error: Error | null, data?: unknown) => void;

/** The agent's `request`, ended when the client has gone: the library has no such thing itself. */
function abortable(agent: Agent): (options: Dispatcher.RequestOptions, done: RequestCallback) => void {
  return (options, done) => {
    const signal = (options.headers as Record<symbol, AbortSignal>)[ABORT] ?? null;
    agent.request({ ...options, signal }).then(
      (data) => done(null, data),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  };
}

function requestId(request: { headers: Record<string, string | string[] | undefined> }): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/u.test(given) ? given : randomUUID();
}
