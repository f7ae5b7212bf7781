import { join } from 'node:path';
import { Module } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Counter } from 'prom-client';
import {
  planeAddressGuard,
  PlaneState,
  processEnvironment,
  UpstreamSecrets,
  type ServiceContext,
  type ServiceDefinition,
} from '@behavry/platform';
import { openLargeWork, openProxy } from '@behavry/proxy';
import type { McpParts } from './exchange/mcp-request';
import { allowedPeers } from './http/request-checks';
import { mcpRoutes } from './http/mcp-routes';
import { advertisedOpsUrl, McpProxyConfig } from './mcp-proxy.config';
import type { McpJobs } from './large/mcp-jobs';
import { HandOn } from './replicas/hand-on';
import { handedOnRoutes } from './replicas/handed-on-routes';
import { Replicas } from './replicas/replicas';
import { SessionStore } from './sessions/session-store';
import { UpstreamFactory } from './upstream/upstream-factory';

/** Hold and upstream together stay below the 60 s after which clients give up (semantics: escalations). */
const LONGEST_CALL_SECONDS = 55;
const SWEEP_MS = 30_000;

/** Nothing of the framework stands on the request path: routes are mounted raw. */
@Module({})
export class AppModule {}

/** The app as `runService` and the tests start it. */
export const MCP_PROXY: ServiceDefinition<McpProxyConfig> = {
  app: 'mcp-proxy',
  config: McpProxyConfig,
  module: () => ({ module: AppModule }),
  mount: async (app, context) => {
    const { publicUrl, allowedHosts, allowedOrigins } = context.config;
    const peers = allowedPeers(publicUrl, allowedHosts, allowedOrigins);
    const parts = await openParts(app, context);
    await app.getHttpAdapter().getInstance().register(mcpRoutes(parts, peers));
    context.ops.internalScope(handedOnRoutes(parts));
    await parts.replicas.join();
  },
};

async function openParts(
  app: NestFastifyApplication,
  context: ServiceContext<McpProxyConfig>,
): Promise<McpParts> {
  const { config, clock, log, metrics, keys } = context;
  const replicas = new Replicas({ state: app.get(PlaneState), clock, log, opsUrl: advertisedOpsUrl(config) });
  const handOn = new HandOn({ bearer: keys.internalBearer, log, metrics });
  context.onClose('other replicas', () => Promise.all([replicas.close(), handOn.close()]));
  const sessions = new SessionStore({
    now: () => clock.now(),
    idleMs: config.sessionIdleSeconds * 1000,
    maxPerAgent: config.maxSessionsPerAgent,
    makeId: () => replicas.makeSessionId(),
  });
  const upstreams = new UpstreamFactory({
    secrets: new UpstreamSecrets(processEnvironment(), join(config.secretsDir, 'mcp')),
    guard: planeAddressGuard(config, config.allowedUpstreams),
    stdioSocket: config.stdioSocket,
    timeoutMs: upstreamTimeoutMs(config),
    maxBytes: config.maxResultBytes,
    onEnd: (server) => {
      log.info({ server }, 'a server process ended');
    },
    onRefused: (reason) => {
      log.warn({ reason }, 'no connection to a server: BEHAVRY_MCP_ALLOWED_HOSTS says what is allowed');
    },
  });
  context.onClose('upstreams', async () => {
    clearInterval(sweep);
    await sessions.close();
    await upstreams.close();
  });
  const proxy = await openProxy(app, context, (plane) => {
    sessions.review(plane);
  });
  const sweep = setInterval(() => {
    sessions.sweep();
  }, SWEEP_MS);
  sweep.unref();
  return {
    ...proxy,
    sessions,
    replicas,
    handOn,
    upstreams,
    large: openLargeWork<McpJobs>(context, __dirname),
    maxBodyBytes: config.maxBodyBytes,
    opensPerAgent: config.opensPerAgent,
    droppedMessages: new Counter({
      name: 'behavry_mcp_proxy_dropped_messages_total',
      help: 'Messages of servers that nobody was given.',
      registers: [metrics],
    }),
  };
}

function upstreamTimeoutMs(config: McpProxyConfig): number {
  return Math.min(config.upstreamTimeoutSeconds, LONGEST_CALL_SECONDS - config.escalationHoldSeconds) * 1000;
}
