import type { ServiceDefinition } from '@behavry/platform';
import { mountRoutes } from './http/mount';
import { LlmProxyConfig } from './llm-proxy.config';
import { LlmProxyModule } from './llm-proxy.module';
import { openParts } from './open-parts';

/** The app as production and tests start it. */
export const LLM_PROXY: ServiceDefinition<LlmProxyConfig> = {
  app: 'llm-proxy',
  config: LlmProxyConfig,
  module: () => ({ module: LlmProxyModule }),
  mount: async (app, context) => {
    await mountRoutes(app.getHttpAdapter().getInstance(), await openParts(app, context));
  },
};
