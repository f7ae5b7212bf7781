import { join } from 'node:path';
import type { AuditEventsPayload } from '@behavry/contracts';
import { Gauge, type Registry } from 'prom-client';
import { HttpClaims } from '../claims/http-claims';
import type { Guard } from '../exchange/guard';
import { OpenExchanges } from '../exchange/open-exchanges';
import { TokenBucketLimiter } from '../limits/token-bucket-limiter';
import { OpaDecisionEngine } from '../opa/opa-decision-engine';
import { PlaneStateView, type StateSource } from '../plane/plane-state-view';
import type { Identify } from '../ports/identify';
import type { PlaneView } from '../ports/plane-view';
import { FileSpool } from '../spool/file-spool';
import { SpoolSender, type QueueProducer } from '../spool/spool-sender';
import { PolicyWatch } from './policy-watch';
import { promExchangeMetrics } from './prom-exchange-metrics';

/** The part of a structured logger that is used here. */
export interface GuardLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface GuardOptions {
  readonly app: 'mcp-proxy' | 'llm-proxy';
  readonly identify: Identify;
  readonly state: StateSource;
  readonly producer: QueueProducer<AuditEventsPayload>;
  readonly opa: { readonly socket?: string; readonly url?: string; readonly timeoutMs: number };
  /** Ops port of escalation-worker and the plane-internal bearer. */
  readonly claims: { readonly url: string; readonly bearer: string };
  readonly dataDir: string;
  readonly spoolMaxBytes: number;
  readonly holdMs: number;
  readonly now: () => number;
  readonly makeId: () => string;
  readonly pid: number;
  readonly registry: Registry;
  readonly log: GuardLog;
  /** Called after a change that may end what the proxy itself keeps open. */
  readonly onChange?: (plane: PlaneView) => void;
}

export interface OpenGuard {
  readonly guard: Guard;
  readonly hasConfig: () => boolean;
  readonly hasPolicy: () => boolean;
  /** Stops what is under way, then closes everything in order. */
  close(): Promise<void>;
}

const SEGMENT_BYTES = 4 * 1024 * 1024;

/**
 * Opens everything a proxy needs to run exchanges: the same for both.
 * @throws SpoolLockedError when another process of the same app uses the spool folder
 */
export async function openGuard(options: GuardOptions): Promise<OpenGuard> {
  const { app, now, log, registry } = options;
  const spool = await FileSpool.open({
    folder: join(options.dataDir, 'spool', app),
    maxBytes: options.spoolMaxBytes,
    segmentBytes: Math.min(SEGMENT_BYTES, Math.ceil(options.spoolMaxBytes / 8)),
    now,
    makeId: options.makeId,
    pid: options.pid,
  });
  const sender = new SpoolSender({
    spool,
    producer: options.producer,
    onFailure: (error) => {
      log.warn({ err: error }, 'audit: a batch could not be sent and will be tried again');
    },
  });
  const open = new OpenExchanges();
  const plane = new PlaneStateView({
    state: options.state,
    now,
    onChange: (view) => {
      open.review(view);
      options.onChange?.(view);
    },
    onFault: (error) => {
      log.error({ err: error }, 'a DLP pattern cannot be used; the others are');
    },
  });
  const unwatch = options.state.watch('audit.positions', ({ value }) => {
    const position = value.spools[spool.id];
    if (position !== undefined) sender.acknowledge(position);
  });
  const engine = new OpaDecisionEngine({ ...options.opa, now });
  const claims = new HttpClaims({
    ...options.claims,
    onFailure: (error) => {
      log.warn({ err: error }, 'no claim could be made; the call is refused');
    },
  });
  const policies = new PolicyWatch(engine);
  measureSpool(registry, app, spool);
  sender.start();
  void policies.start();
  return {
    guard: {
      identify: options.identify,
      plane,
      limiter: new TokenBucketLimiter(now),
      engine,
      claims,
      spool,
      metrics: promExchangeMetrics(registry, `behavry_${app.replace('-', '_')}`),
      open,
      now,
      holdMs: options.holdMs,
    },
    hasConfig: () => plane.config !== undefined,
    hasPolicy: () => policies.hasPolicy,
    close: async () => {
      open.stopAll();
      policies.close();
      unwatch();
      plane.close();
      await sender.stop();
      await spool.close();
      await Promise.all([engine.close(), claims.close()]);
    },
  };
}

function measureSpool(registry: Registry, app: string, spool: FileSpool): void {
  const prefix = `behavry_${app.replace('-', '_')}`;
  new Gauge({
    name: `${prefix}_spool_entries`,
    help: 'Records that wait to be stored.',
    registers: [registry],
    collect() {
      this.set(spool.backlog);
    },
  });
  new Gauge({
    name: `${prefix}_spool_bytes`,
    help: 'Size of the audit spool.',
    registers: [registry],
    collect() {
      this.set(spool.bytes);
    },
  });
}
