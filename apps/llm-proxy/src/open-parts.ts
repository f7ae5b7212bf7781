import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { KeyedDigest, type PlaneView } from '@behavry/pipeline';
import {
  PlaneMemory,
  PlaneState,
  planeAddressGuard,
  processEnvironment,
  UpstreamSecrets,
  type ServiceContext,
} from '@behavry/platform';
import { openLargeWork, openProxy } from '@behavry/proxy';
import { Counter } from 'prom-client';
import { openBudgets } from './budgets/open-budgets';
import type { ProviderId } from './dialects/dialect';
import { DIALECTS, PROVIDERS } from './dialects/providers';
import type { LlmProxyConfig } from './llm-proxy.config';
import type { ModelJobs } from './large/model-jobs';
import type { LlmParts, ProviderService } from './llm-proxy.parts';
import { KeptAnswers } from './kept/kept-answers';
import { ReferenceLedger } from './references/reference-ledger';
import type { TryOutcome } from './upstream/ask-provider';
import type { OwnAccount } from './upstream/candidates';
import { OriginPools } from './upstream/origin-pools';
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
  const { maxBodyBytes, maxAnswerBytes } = config;
  const { services, review } = openUpstreams(context);
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
  const budgets = await openBudgets(app, context);
  const kept = new KeptAnswers({
    state: app.get(PlaneState),
    memory: app.get(PlaneMemory),
    keys: context.keys,
    digest: new KeyedDigest(context.keys.derive('llm-kept')),
    now: () => context.clock.now(),
    onFault: (error) => {
      context.log.warn(
        { err: error },
        'answers that wait for a person cannot be kept; retries are paid for anew',
      );
    },
  });
  return {
    budgets,
    references,
    kept,
    proxy: await openProxy(app, context, review),
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

interface Upstreams {
  readonly services: readonly ProviderService[];
  /** Follows what the configuration says of addresses. */
  readonly review: (plane: PlaneView) => void;
}

function openUpstreams(context: ServiceContext<LlmProxyConfig>): Upstreams {
  const { config, metrics, log, clock } = context;
  const { maxAnswerBytes, connections } = config;
  const now = (): number => clock.now();
  const accounts = DIALECTS.map(({ id }) => accountOf(id, config));
  const pools = new OriginPools({
    own: new Set(accounts.map(({ baseUrl }) => new URL(baseUrl).origin)),
    guard: planeAddressGuard(config, config.allowedProviders),
    timeoutMs: config.timeoutSeconds * 1000,
    connectTimeoutMs: config.connectTimeoutSeconds * 1000,
    connections,
  });
  context.onClose('upstreams', () => pools.close());
  // Nothing is withheld: what a key is for, its list of hosts says.
  const secrets = new UpstreamSecrets(processEnvironment(), join(config.secretsDir, 'models'), []);
  const tries = new Counter({
    name: 'behavry_llm_proxy_upstream_tries_total',
    help: 'Tries of calls at addresses of providers, by kind of provider and how they went.',
    labelNames: ['provider', 'outcome'],
    registers: [metrics],
  });
  const services = DIALECTS.map((dialect): ProviderService => {
    const own = accountOf(dialect.id, config);
    const count = (outcome: TryOutcome): void => tries.inc({ provider: dialect.id, outcome });
    const options = { dialect, own, pools, secrets, log, now, maxAnswerBytes, count };
    return { dialect, upstream: new ProviderUpstream(options) };
  });
  return {
    services,
    review: ({ config: view }) => {
      if (!view) return;
      const { providers } = view.models;
      pools.keep(new Set(services.flatMap(({ upstream }) => upstream.review(providers))));
    },
  };
}

/** Where a provider is reached by the plane's own variables, and with which key. */
function accountOf(kind: ProviderId, config: LlmProxyConfig): OwnAccount {
  const accounts: Readonly<Record<ProviderId, Omit<OwnAccount, 'kind'>>> = {
    openai: { baseUrl: config.openAiBaseUrl, key: config.openAiKey },
    anthropic: { baseUrl: config.anthropicBaseUrl, key: config.anthropicKey },
    gemini: { baseUrl: config.geminiBaseUrl, key: config.geminiKey },
    ollama: { baseUrl: config.ollamaBaseUrl, key: config.ollamaKey },
  };
  return { kind, ...accounts[kind] };
}
