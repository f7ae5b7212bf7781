import { VERSION, type ServiceContext } from '@behavry/platform';
import type { HeartbeatRequest } from '@behavry/contracts';
import { backOffMs, jitteredMs } from '../domain/back-off';
import type { DataPlaneSettings, LicenseConfig } from '../license-service.config';
import type { BundleKeys } from './bundle-keys';
import type { FiguresSource } from './figures';
import { pause } from './pause';
import type { PlaneHttp } from './plane-http';
import type { TokenWatch } from './token-watch';
import type { UplinkMetrics } from './uplink-metrics';

const RETRY = { firstMs: 1_000, maxMs: 300_000 };

export interface HeartbeatFacts {
  readonly configRevision: string | undefined;
  readonly licenseState: string;
}

/** Tells the control plane that this plane lives: one beat at a time, slower when refused or not heard. */
export class HeartbeatLoop {
  readonly #startedAt: number;
  #failures = 0;
  #lastStatus: number | undefined;

  constructor(
    private readonly context: ServiceContext<LicenseConfig>,
    private readonly settings: DataPlaneSettings,
    private readonly http: PlaneHttp,
    private readonly figures: FiguresSource,
    private readonly keys: BundleKeys,
    private readonly token: TokenWatch,
    private readonly metrics: UplinkMetrics,
    private readonly facts: () => HeartbeatFacts,
  ) {
    this.#startedAt = context.clock.now();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await pause(await this.#beat(signal), signal);
  }

  /** @returns milliseconds until the next beat */
  async #beat(signal: AbortSignal): Promise<number> {
    const { deploymentId, dataPlaneToken } = this.settings;
    let isAnswered = false;
    try {
      const { status, text } = await this.http.send({
        method: 'POST',
        path: `/api/v1/data-planes/${encodeURIComponent(deploymentId)}/heartbeat`,
        token: dataPlaneToken,
        body: await this.#body(),
        signal,
      });
      isAnswered = true;
      this.metrics.heard('heartbeat', status);
      await this.token.see(status);
      if (status >= 400) return this.#refused(status);
      const answer = JSON.parse(text) as { bundle_keys?: unknown };
      await this.keys.offer(answer.bundle_keys);
      if (this.#failures > 0) this.context.log.info('heartbeats are heard again');
      this.#failures = 0;
      this.#lastStatus = status;
      return jitteredMs(this.context.config.heartbeatInterval * 1000, Math.random());
    } catch (error) {
      if (signal.aborted) return 0;
      if (!isAnswered) this.metrics.heard('heartbeat', undefined);
      return this.#failed(error);
    }
  }

  #refused(status: number): number {
    if (status >= 500 || status === 429) return this.#failed(undefined, status);
    if (this.#lastStatus !== status) {
      this.context.log.error(
        { event: 'heartbeat_refused', status },
        'the control plane refuses the heartbeats of this plane',
      );
    }
    this.#lastStatus = status;
    return RETRY.maxMs;
  }

  #failed(error: unknown, status?: number): number {
    this.#failures += 1;
    if (this.#failures === 1)
      this.context.log.warn({ err: error, status }, 'a heartbeat was not heard; trying again');
    return backOffMs(this.#failures, RETRY, Math.random());
  }

  async #body(): Promise<HeartbeatRequest> {
    const { clock, config } = this.context;
    const { activeAgents, callsPerMinute, escalationsPending } = await this.figures.read();
    const { configRevision, licenseState } = this.facts();
    return {
      deployment_id: this.settings.deploymentId,
      active_agent_count: activeAgents,
      proxy_rpm_1m: callsPerMinute,
      escalations_pending: escalationsPending,
      opa_bundle_version: await this.figures.revision(),
      uptime_seconds: Math.max(Math.floor((clock.now() - this.#startedAt) / 1000), 0),
      version: VERSION,
      license_state: licenseState,
      ...(configRevision === undefined ? {} : { config_revision: configRevision }),
      ...(config.publicUrl === undefined ? {} : { public_url: config.publicUrl }),
    };
  }
}
