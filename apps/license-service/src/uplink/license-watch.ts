import type { LicenseState } from '@behavry/contracts';
import { VERSION, type PlaneState, type ServiceContext } from '@behavry/platform';
import { backOffMs } from '../domain/back-off';
import { afterCheck, atTime, UNCHECKED, type LicenseCheck } from '../domain/license-state';
import type { DataPlaneSettings } from '../license-service.config';
import type { BundleKeys } from './bundle-keys';
import { pause } from './pause';
import type { PlaneHttp } from './plane-http';
import type { TokenWatch } from './token-watch';
import { LicenseMetrics } from './license-metrics';
import type { UplinkMetrics } from './uplink-metrics';
import type { UplinkStore } from './uplink-store';

const RETRY = { firstMs: 1_000, maxMs: 300_000 };
const HOUR_MS = 3_600_000;
const AGAIN_MS: Readonly<Record<LicenseCheck['kind'], number>> = {
  valid: 24 * HOUR_MS,
  invalid: HOUR_MS,
  token_refused: HOUR_MS,
  unreachable: 0,
};
const TICK_MS = 60_000;

/**
 * Checks the licence at start and from time to time. The first failure is kept in the database; a failing
 * licence ends growth after its grace period and nothing else.
 */
export class LicenseWatch {
  #license: LicenseState = UNCHECKED;
  readonly #shown: LicenseMetrics;

  constructor(
    private readonly context: ServiceContext,
    private readonly settings: DataPlaneSettings,
    private readonly http: PlaneHttp,
    private readonly store: UplinkStore,
    private readonly state: PlaneState,
    private readonly keys: BundleKeys,
    private readonly token: TokenWatch,
    private readonly metrics: UplinkMetrics,
    private readonly agentCount: () => number,
    private readonly onChange: () => Promise<void>,
  ) {
    this.#shown = new LicenseMetrics(context.metrics, context.clock);
  }

  /** The licence at this moment. */
  get license(): LicenseState {
    return atTime(this.#license, this.context.clock.now());
  }

  async load(): Promise<void> {
    this.#license = (await this.store.read()).license ?? UNCHECKED;
    await this.#publish(this.license);
  }

  /** Checks until the signal ends, and lets time pass over the last verdict in between. */
  async run(signal: AbortSignal): Promise<void> {
    const ticking = this.#tick(signal);
    let failures = 0;
    while (!signal.aborted) {
      const { kind } = await this.check();
      failures = kind === 'unreachable' ? failures + 1 : 0;
      await pause(failures > 0 ? backOffMs(failures, RETRY, Math.random()) : AGAIN_MS[kind], signal);
    }
    await ticking;
  }

  /** Asks the control plane now. Never fails. @returns what the check came to */
  async check(): Promise<LicenseCheck> {
    const check = await this.#ask();
    await this.#accept(afterCheck(this.#license, check, this.context.clock.now()));
    return check;
  }

  async #ask(): Promise<LicenseCheck> {
    const { licenseKey, deploymentId, dataPlaneToken } = this.settings;
    let isAnswered = false;
    try {
      const { status, text } = await this.http.send({
        method: 'POST',
        path: '/api/v1/licenses/validate',
        token: undefined,
        body: {
          license_key: licenseKey,
          deployment_id: deploymentId,
          data_plane_token: dataPlaneToken,
          reported_agent_count: this.agentCount(),
          version: VERSION,
        },
      });
      isAnswered = true;
      this.metrics.heard('license', status);
      await this.token.see(status);
      if (status === 401) return { kind: 'token_refused' };
      const answer = status === 200 ? (JSON.parse(text) as Readonly<Record<string, unknown>>) : undefined;
      if (typeof answer?.['valid'] !== 'boolean')
        throw new Error(`the answer cannot be used (status ${String(status)})`);
      await this.keys.offer(answer['bundle_keys']);
      return answer['valid']
        ? {
            kind: 'valid',
            planTier: textOrNull(answer['plan_tier']),
            expiresAt: timeOrNull(answer['expires_at']),
            maxAgents: typeof answer['max_agents'] === 'number' ? answer['max_agents'] : null,
          }
        : { kind: 'invalid' };
    } catch (error) {
      if (!isAnswered) this.metrics.heard('license', undefined);
      this.context.log.warn({ err: error }, 'the licence could not be checked; its last verdict stays');
      return { kind: 'unreachable' };
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    for (;;) {
      await pause(TICK_MS, signal);
      if (signal.aborted) return;
      await this.#accept(this.license);
    }
  }

  async #accept(license: LicenseState): Promise<void> {
    const before = this.#license;
    this.#license = license;
    if (JSON.stringify(before) === JSON.stringify(license)) return;
    try {
      await this.store.write({ license });
      await this.#publish(license);
      if (before.state !== license.state) await this.onChange();
    } catch (error) {
      this.#license = before;
      this.context.log.warn({ err: error }, 'the licence state could not be kept; the next check will');
      return;
    }
    if (before.state !== license.state) this.#announce(license);
  }

  async #publish(license: LicenseState): Promise<void> {
    this.#shown.show(license);
    await this.state.put('license', license);
  }

  #announce({ state, reason, first_failure_at }: LicenseState): void {
    const facts = { event: 'license_state_changed', state, reason, first_failure_at };
    if (state === 'enforced') {
      this.context.log.error(
        facts,
        'the licence is invalid and its grace period is over: no new agents; protection goes on',
      );
    } else if (state === 'grace')
      this.context.log.error(facts, 'the licence is not valid; new agents end after seven days');
    else this.context.log.info(facts, 'licence state');
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function timeOrNull(value: unknown): string | null {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value)) ? value : null;
}
