import { join } from 'node:path';
import { type Registry } from 'prom-client';
import type { AppName, Mode } from '@behavry/contracts';
import type { ServiceConfig } from '../config/service-config';
import { type PlaneKeys } from '../keys/plane-keys';
import { createLogger, type Logger } from '../logging/logger';
import { HealthRegistry } from '../ops/health-registry';
import { makeRegistry } from '../ops/metrics-text';
import { OpsServer } from '../ops/ops-server';
import { processMetrics } from '../ops/process-metrics';
import { SystemClock, type Clock } from '../time/clock';
import type { Tracing } from '../tracing/tracing';

export type Closer = () => Promise<unknown>;

/** What one process has from its start to its end; modules receive it by this class as token. */
export class ServiceContext<C extends ServiceConfig = ServiceConfig> {
  readonly mode: Mode;
  readonly metrics: Registry;
  readonly health = new HealthRegistry();
  readonly ops: OpsServer;
  /** Undefined where tracing is switched off, and until {@link openTracing}. */
  tracing: Tracing | undefined;
  readonly #closers: { readonly name: string; readonly close: Closer }[] = [];

  constructor(
    readonly app: AppName,
    readonly version: string,
    readonly config: C,
    readonly keys: PlaneKeys,
    readonly log: Logger = createLogger(app, config.logLevel, { mode: config.mode }),
    readonly clock: Clock = new SystemClock(),
  ) {
    this.mode = config.mode;
    this.metrics = makeRegistry(config.otelEndpoint !== undefined);
    processMetrics(this.metrics, { app, version, mode: config.mode }, this.health);
    this.ops = new OpsServer({
      app,
      version,
      mode: config.mode,
      health: this.health,
      metrics: this.metrics,
      internalBearer: keys.internalBearer,
    });
  }

  /** Begins to trace, when there is a collector: only then is the code for it loaded. It ends last of all. */
  async openTracing(): Promise<void> {
    if (this.config.otelEndpoint === undefined) return;
    const { openTracing } = await import('../tracing/otel-tracing');
    const tracing = openTracing(this);
    this.tracing = tracing;
    this.onClose('tracing', () => tracing.close());
  }

  /** Something to close when the service ends; the last opened is closed first. */
  onClose(name: string, close: Closer): void {
    this.#closers.push({ name, close });
  }

  /** Closes what was opened, newest first; a failure is logged and does not keep the rest open. */
  async close(): Promise<void> {
    for (const { name, close } of this.#closers.splice(0).reverse()) {
      try {
        await close();
      } catch (error) {
        this.log.warn({ err: error, part: name }, 'a part did not close cleanly');
      }
    }
  }
}

/** @returns where the plane key lies for a configuration */
export function planeKeyFile(config: ServiceConfig): string {
  return config.planeKeyFile ?? join(config.secretsDir, 'plane.key');
}
