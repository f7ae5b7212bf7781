import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AUDIT_EVENTS_QUEUE } from '@behavry/contracts';
import {
  identifyAgents,
  PlaneState,
  QueueBroker,
  TokenVerifier,
  uuidv7,
  type ServiceContext,
} from '@behavry/platform';
import { openGuard } from '@behavry/pipeline';
import { Counter } from 'prom-client';
import type { LlmProxyConfig } from './llm-proxy.config';
import type { LlmParts } from './llm-proxy.parts';
import { OpenAiUpstream } from './upstream/openai-upstream';
import { UsageSpool } from './usage/usage-spool';

/**
 * Opens what the proxy needs, and closes it with the service.
 * @throws SpoolLockedError when another process of this app uses the spool folder
 */
export async function openParts(
  app: NestFastifyApplication,
  context: ServiceContext<LlmProxyConfig>,
): Promise<LlmParts> {
  const { config, clock, log, metrics } = context;
  const now = (): number => clock.now();
  const opened = await openGuard({
    app: 'llm-proxy',
    identify: identifyAgents(app.get(TokenVerifier)),
    state: app.get(PlaneState),
    producer: app.get(QueueBroker).producer(AUDIT_EVENTS_QUEUE),
    opa: {
      ...(config.opaSocket === undefined ? { url: config.opaUrl } : { socket: config.opaSocket }),
      timeoutMs: config.opaTimeoutSeconds * 1000,
    },
    claims: { url: config.escalationOpsUrl, bearer: context.keys.internalBearer },
    dataDir: config.dataDir,
    spoolMaxBytes: config.spoolMaxMb * 1024 * 1024,
    holdMs: config.escalationHoldSeconds * 1000,
    now,
    makeId: () => uuidv7(now()),
    pid: process.pid,
    registry: metrics,
    log,
  });
  const openai = new OpenAiUpstream({
    baseUrl: config.openAiBaseUrl,
    timeoutMs: config.timeoutSeconds * 1000,
    connectTimeoutMs: config.connectTimeoutSeconds * 1000,
    connections: config.connections,
    maxAnswerBytes: config.maxAnswerBytes,
  });
  context.onClose('upstreams', () => openai.close());
  context.onClose('guard', () => opened.close());
  context.health.register('configuration', () =>
    opened.hasConfig() ? { ready: true } : { ready: false, detail: 'no configuration document yet' },
  );
  context.health.register('policy', () =>
    opened.hasPolicy() ? { ready: true } : { ready: false, detail: 'OPA has not activated a policy yet' },
  );
  const usage = new UsageSpool(
    opened.guard.spool,
    new Counter({
      name: 'behavry_llm_proxy_tokens_total',
      help: 'Tokens as providers counted them.',
      labelNames: ['side'],
      registers: [metrics],
    }),
  );
  return { context, guard: { ...opened.guard, spool: usage }, usage, openai };
}
