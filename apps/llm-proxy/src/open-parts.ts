import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KeyedDigest } from '@behavry/pipeline';
import { PlaneMemory, type ServiceContext } from '@behavry/platform';
import { openLargeWork, openProxy } from '@behavry/proxy';
import { Counter } from 'prom-client';
import type { ProviderId } from './dialects/dialect';
import { DIALECTS, PROVIDERS } from './dialects/providers';
import type { LlmProxyConfig } from './llm-proxy.config';
import type { ModelJobs } from './large/model-jobs';
import type { LlmParts, ProviderService } from './llm-proxy.parts';
import { ReferenceLedger } from './references/reference-ledger';
import { ProviderUpstream } from './upstream/provider-upstream';

/**
 * Opens what the proxy needs, and closes it with the service.
 * @throws SpoolLockedError when another process of this app uses the spool folder
 */
export async function openParts(
  app: NestFastifyApplication,
  context: ServiceContext<LlmProxyConfig>,
): Promise<LlmParts> {
  const { config, metrics } = context;
  const { maxBodyBytes, maxAnswerBytes, connections } = config;
  const services = DIALECTS.map((dialect): ProviderService => {
    const { baseUrl, key } = accountOf(dialect.id, config);
    const upstream = new ProviderUpstream({
      dialect,
      baseUrl,
      timeoutMs: config.timeoutSeconds * 1000,
      connectTimeoutMs: config.connectTimeoutSeconds * 1000,
      connections,
      maxAnswerBytes,
    });
    return { dialect, upstream, planeKey: key };
  });
  context.onClose('upstreams', async () => {
    await Promise.all(services.map(({ upstream }) => upstream.close()));
  });
  const tokens = new Counter({
    name: 'behavry_llm_proxy_tokens_total',
    help: 'Tokens as providers counted them.',
    labelNames: ['side'],
    registers: [metrics],
  });
  const references = new ReferenceLedger({
    memory: app.get(PlaneMemory),
    digest: new KeyedDigest(context.keys.derive('llm-references')),
    onFault: (error) => {
      context.log.warn({ err: error }, 'references cannot be looked up; each is a decision of its own');
    },
  });
  return {
    references,
    proxy: await openProxy(app, context),
    large: openLargeWork<ModelJobs>(context, __dirname),
    prefixes: PROVIDERS.map((provider) => ({
      provider,
      service: services.find(({ dialect }) => dialect === provider),
    })),
    maxBodyBytes,
    maxAnswerBytes,
    countTokens: (counts) => {
      if (!counts) return;
      tokens.inc({ side: 'prompt' }, counts.prompt);
      tokens.inc({ side: 'completion' }, counts.completion);
    },
  };
}

interface Account {
  readonly baseUrl: string;
  readonly key: string | undefined;
}

/** Where a provider is reached for this plane, and with which key. */
function accountOf(provider: ProviderId, config: LlmProxyConfig): Account {
  const accounts: Readonly<Record<ProviderId, Account>> = {
    openai: { baseUrl: config.openAiBaseUrl, key: config.openAiKey },
    anthropic: { baseUrl: config.anthropicBaseUrl, key: config.anthropicKey },
    gemini: { baseUrl: config.geminiBaseUrl, key: config.geminiKey },
    ollama: { baseUrl: config.ollamaBaseUrl, key: config.ollamaKey },
  };
  return accounts[provider];
}
