import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Registry } from 'prom-client';
import { MAX_CLAIM_BYTES } from '@behavry/contracts';
import { equalInConstantTime } from '../keys/hash';
import type { HealthRegistry } from './health-registry';
import { metricsText } from './metrics-text';

/** The arguments of a claim, and room for what stands around them. */
const BODY_LIMIT = MAX_CLAIM_BYTES + 64 * 1024;

/** As on the service's own port. */
export const MAX_PARAM_LENGTH = 512;

export type OpsHandler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>;

export interface OpsServerOptions {
  readonly app: string;
  readonly version: string;
  readonly mode: string;
  readonly health: HealthRegistry;
  readonly metrics: Registry;
  /** Bearer of `/internal/*`; undefined closes those routes. */
  readonly internalBearer: string | undefined;
}

/**
 * The port beside the service's own: health, metrics, and the plane-internal calls. It never stands
 * behind the edge.
 */
export class OpsServer {
  readonly #server: FastifyInstance;
  readonly #options: OpsServerOptions;

  constructor(options: OpsServerOptions) {
    this.#options = options;
    this.#server = Fastify({
      logger: false,
      forceCloseConnections: true,
      bodyLimit: BODY_LIMIT,
      routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    });
    const { app, version, mode, health, metrics } = options;
    const probe = (ready: boolean, reply: FastifyReply, checks: object): FastifyReply =>
      reply
        .code(ready ? 200 : 503)
        .send({ status: ready ? 'ok' : 'not_ready', service: app, version, mode, checks });
    this.#server.get('/health', (_request, reply) => {
      const { ready, checks } = health.report();
      return probe(ready, reply, checks);
    });
    this.#server.get('/health/live', (_request, reply) => probe(true, reply, {}));
    this.#server.get('/health/ready', (_request, reply) => {
      const { ready, checks } = health.report();
      return probe(ready, reply, checks);
    });
    this.#server.get('/metrics', async ({ headers }, reply) => {
      const { type, text } = await metricsText(metrics, headers.accept);
      return reply.type(type).send(text);
    });
  }

  /**
   * Adds a plane-internal route. Call before {@link listen}.
   * @param access what its caller must show: the plane's bearer, when not given; undefined closes the route
   */
  internal(
    method: 'GET' | 'POST',
    path: `/internal/${string}`,
    handler: OpsHandler,
    access: { readonly bearer: string | undefined } = { bearer: this.#options.internalBearer },
  ): void {
    this.#server.route({ method, url: path, onRequest: onlyWith(access.bearer), handler });
  }

  /**
   * Adds plane-internal routes that take bodies, limits and hooks of their own; each caller must show the plane's
   * bearer. Call before {@link listen}.
   * @param register adds them, under `/internal/`
   */
  internalScope(register: (scope: FastifyInstance) => void): void {
    this.#server.register((scope, _options, done) => {
      scope.addHook('onRequest', onlyWith(this.#options.internalBearer));
      register(scope);
      done();
    });
  }

  async listen(host: string, port: number): Promise<void> {
    await this.#server.listen({ host, port });
  }

  async close(): Promise<void> {
    await this.#server.close();
  }
}

/** Refuses before the body is read: a stranger's is not. */
function onlyWith(
  bearer: string | undefined,
): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  return async (request, reply) => {
    const shown = request.headers.authorization ?? '';
    if (bearer === undefined || !equalInConstantTime(shown, `Bearer ${bearer}`))
      await reply.code(401).send({ code: 'unauthenticated' });
  };
}
