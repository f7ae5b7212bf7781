import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  PlaneState,
  QueueBroker,
  TokenVerifier,
  type ServiceContext,
  type ServiceDefinition,
} from '@behavry/platform';
import { AppModule } from './app.module';
import { allowedPeers } from './http/request-checks';
import { mcpRoutes } from './http/mcp-routes';
import { McpProxyConfig } from './mcp-proxy.config';
import { openParts } from './mcp-proxy.parts';

/** The app as `runService` and the tests start it. */
export const MCP_PROXY: ServiceDefinition<McpProxyConfig> = {
  app: 'mcp-proxy',
  config: McpProxyConfig,
  module: AppModule,
  mount: async (app: NestFastifyApplication, context: ServiceContext<McpProxyConfig>) => {
    const { config } = context;
    const parts = await openParts(context, {
      state: app.get(PlaneState),
      queues: app.get(QueueBroker),
      verifier: app.get(TokenVerifier),
    });
    const peers = allowedPeers(config.publicUrl, config.allowedHosts, config.allowedOrigins);
    await app.getHttpAdapter().getInstance().register(mcpRoutes(parts, peers));
  },
};
