import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  HttpClaims,
  KeyedDigest,
  OpaDecisionEngine,
  OpenExchanges,
  LoopTurns,
  Slots,
  TokenBucketLimiter,
  type Guard,
  type PlaneView,
} from '@behavry/pipeline';
import {
  identifyAgents,
  NextConfig,
  PlaneBuckets,
  PlaneState,
  TokenVerifier,
  uuidv7,
  type Logger,
  type ProxyConfig,
  type ServiceContext,
} from '@behavry/platform';
import { Callers } from './callers';
import { exchangeMetrics, measureEngine, measureLimits } from './exchange-metrics';
import { SharedLimiter } from './limits/shared-limiter';
import { openSpool } from './open-spool';
import { PlaneStateView } from './plane-state-view';
import { PolicyWatch } from './policy-watch';

/** What a proxy stands on; the same for every dialect. */
export interface Proxy {
  readonly guard: Guard;
  readonly log: Logger;
  /** @returns an id for an exchange: UUIDv7 */
  readonly makeId: () => string;
  /** Streams that one agent may have open at once. */
  readonly streamsPerAgent: number;
  /** Whether some requests have a span. */
  readonly isTraced: boolean;
  /** Set when the service is on its way out. */
  readonly shutdown: { hasBegun: boolean };
}

/**
 * Opens everything that a proxy needs to run exchanges, tells health what is missing, and arranges that it closes with
 * the service, in order: what is under way, what it writes, what it asks.
 * @param onChange called after a change that may end what the proxy itself keeps open
 * @throws SpoolLockedError when more processes of the app than make sense share the data folder
 */
export async function openProxy(
  app: NestFastifyApplication,
  context: ServiceContext<ProxyConfig>,
  onChange: (plane: PlaneView) => void = () => undefined,
): Promise<Proxy> {
  const { config, clock, log, metrics, keys, app: name } = context;
  const now = (): number => clock.now();
  const isTraced = context.tracing !== undefined;
  const makeId = (): string => uuidv7(now());
  const state = app.get(PlaneState);
  const verifier = app.get(TokenVerifier);
  const opened = await openSpool(app, context);
  const { spool, place } = opened;
  const open = new OpenExchanges();
  const nextConfig = app.get(NextConfig);
  const plane = new PlaneStateView({
    state,
    nextConfig,
    injection: config.injection,
    now,
    onChange: (view) => {
      open.review(view);
      onChange(view);
    },
    onFault: (error) => {
      log.error({ err: error }, 'a DLP pattern cannot be used; the others are');
    },
  });
  const engine = new OpaDecisionEngine({
    ...(config.opaSocket === undefined ? { url: config.opaUrl } : { socket: config.opaSocket }),
    ...(config.opaToken === undefined ? {} : { token: config.opaToken }),
    timeoutMs: config.opaTimeoutSeconds * 1000,
    now,
    generationFile: join(config.dataDir, 'policies', `${place}.generation`),
    onOutdated: (seen, highest) => {
      log.error(
        { seen, highest },
        'OPA went back to older policies than those seen before; calls are denied',
      );
    },
    onUnwritten: (error) => {
      log.error(
        { err: error },
        'the generation of the policies cannot be written; after a restart older ones would be taken; look at the disk',
      );
    },
  });
  const claims = new HttpClaims({
    url: config.escalationOpsUrl,
    bearer: keys.internalBearer,
    onFailure: (error) => {
      log.warn({ err: error }, 'no claim could be made; the call is refused');
    },
  });
  const limiter = new SharedLimiter({
    buckets: app.get(PlaneBuckets),
    local: new TokenBucketLimiter(now),
    log,
  });
  const policies = new PolicyWatch(engine);
  const needed: readonly [string, () => boolean, string][] = [
    ['config', () => plane.config !== undefined, 'no configuration document yet'],
    ['issuers', () => verifier.hasIssuers, 'no key set yet'],
    ['sessions', () => plane.knowsEndedSessions, 'audit-writer has not told yet which sessions have ended'],
    ['policy', () => policies.hasPolicy, 'OPA has activated no policy yet, or is older than 1.22.2'],
  ];
  for (const [part, isThere, detail] of needed) {
    context.health.register(part, () => (isThere() ? { ready: true } : { ready: false, detail }));
  }
  measureEngine(metrics, name, { policies, open });
  measureLimits(metrics, name, () => limiter.isShared);
  void policies.start();
  context.onClose('exchanges', async () => {
    open.stopAll();
    policies.close();
    limiter.close();
    plane.close();
    await opened.close();
    await Promise.all([engine.close(), claims.close()]);
  });
  await limiter.start();
  return {
    guard: {
      identify: new Callers({ tokens: identifyAgents(verifier), plane, nextConfig, now }),
      plane,
      limiter,
      slots: new Slots(),
      turns: new LoopTurns(),
      engine,
      claims,
      spool,
      metrics: exchangeMetrics(metrics, name, isTraced),
      open,
      digest: new KeyedDigest(keys.derive('audit-digest')),
      now,
      holdMs: config.escalationHoldSeconds * 1000,
      isTraceHandedOn: config.isTraceHandedOn,
    },
    log,
    makeId,
    streamsPerAgent: config.streamsPerAgent,
    isTraced,
    shutdown: { hasBegun: false },
  };
}
