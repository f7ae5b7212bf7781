import { AUDIT_EVENTS_QUEUE } from '@behavry/contracts';
import { openGuard } from '@behavry/pipeline';
import {
  identifyAgents,
  processEnvironment,
  uuidv7,
  type PlaneState,
  type QueueBroker,
  type ServiceContext,
  type TokenVerifier,
} from '@behavry/platform';
import type { McpParts } from './exchange/mcp-parts';
import type { McpProxyConfig } from './mcp-proxy.config';
import { SessionStore } from './sessions/session-store';
import { SecretResolver } from './upstream/secret-resolver';
import { UpstreamFactory } from './upstream/upstream-factory';

/** Hold and upstream together stay below the 60 s after which clients give up (semantics: escalations). */
const LONGEST_CALL_SECONDS = 55;
const SWEEP_MS = 30_000;
const MEGABYTE = 1024 * 1024;

/** The platform's parts that the proxy stands on. */
export interface PlatformParts {
  readonly state: PlaneState;
  readonly queues: QueueBroker;
  readonly verifier: TokenVerifier;
}

/** Opens everything the proxy runs on, and arranges that it closes with the service. */
export async function openParts(
  context: ServiceContext<McpProxyConfig>,
  platform: PlatformParts,
): Promise<McpParts> {
  const { config, clock, log } = context;
  const now = (): number => clock.now();
  const makeId = (): string => uuidv7(clock.now());
  const sessions = new SessionStore({
    now,
    idleMs: config.sessionIdleSeconds * 1000,
    maxPerAgent: config.maxSessionsPerAgent,
  });
  const upstreams = new UpstreamFactory({
    secrets: new SecretResolver(processEnvironment(), config.secretsDir),
    stdioCommands: config.stdioCommands,
    searchPath: processEnvironment()['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
    timeoutMs: upstreamTimeoutMs(config),
    maxBytes: config.maxResultBytes,
    onExit: (server, code) => {
      log.info({ server, code }, 'a server process ended');
    },
  });
  const openedGuard = await openGuard({
    app: 'mcp-proxy',
    identify: identifyAgents(platform.verifier),
    state: platform.state,
    producer: platform.queues.producer(AUDIT_EVENTS_QUEUE),
    opa: {
      ...(config.opaSocket === undefined ? {} : { socket: config.opaSocket }),
      url: config.opaUrl,
      timeoutMs: config.opaTimeoutSeconds * 1000,
    },
    claims: { url: config.escalationOpsUrl, bearer: context.keys.internalBearer },
    dataDir: config.dataDir,
    spoolMaxBytes: config.spoolMaxMb * MEGABYTE,
    holdMs: config.escalationHoldSeconds * 1000,
    now,
    makeId,
    pid: process.pid,
    registry: context.metrics,
    log,
    onChange: (plane) => {
      sessions.review(plane);
    },
  });
  const sweep = setInterval(() => {
    sessions.sweep();
  }, SWEEP_MS);
  sweep.unref();
  context.onClose('exchanges', async () => {
    clearInterval(sweep);
    await openedGuard.close();
    await sessions.close();
    await upstreams.close();
  });
  context.health.register('config', () =>
    openedGuard.hasConfig() ? { ready: true } : { ready: false, detail: 'no configuration document yet' },
  );
  context.health.register('issuers', () =>
    platform.verifier.hasIssuers ? { ready: true } : { ready: false, detail: 'no key set yet' },
  );
  context.health.register('policy', () =>
    openedGuard.hasPolicy() ? { ready: true } : { ready: false, detail: 'OPA has activated no policy yet' },
  );
  return {
    guard: openedGuard.guard,
    sessions,
    upstreams,
    makeId,
    maxBodyBytes: config.maxBodyBytes,
    shutdown: { hasBegun: false },
    log,
  };
}

function upstreamTimeoutMs(config: McpProxyConfig): number {
  return Math.min(config.upstreamTimeoutSeconds, LONGEST_CALL_SECONDS - config.escalationHoldSeconds) * 1000;
}
