import type { PlaneStateValues } from '@behavry/contracts';
import { ConfigView, type PlaneView, type SeenRisk } from '@behavry/pipeline';
import type { PlaneState } from '@behavry/platform';

export interface PlaneStateViewOptions {
  readonly state: PlaneState;
  /** What is done about a critical injection. */
  readonly injection: ConfigView['injection'];
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Called after a change that may stop what is under way. */
  readonly onChange: (view: PlaneView) => void;
  /** Called for each DLP pattern that cannot be used. */
  readonly onFault: (error: Error) => void;
  readonly refreshWaitMs?: number;
}

/** Nobody has told anything: not the same as a low risk. */
const UNKNOWN_RISK: SeenRisk = { score: 0, tier: 'unknown' };
const NO_RISK: SeenRisk = { score: 0, tier: 'low' };
/** behavior-monitor tells scores anew at least this often; what is older counts for nothing. */
const RISK_STALE_MS = 120_000;
// An agent that stays unknown must not make the plane ask again for each of its requests.
const REFRESH_EVERY_MS = 1_000;

/** The plane's state, indexed anew whenever a value changes. */
export class PlaneStateView implements PlaneView {
  readonly #options: PlaneStateViewOptions;
  readonly #unwatch: readonly (() => void)[];
  #config: ConfigView | undefined;
  #risk: PlaneStateValues['risk'] | undefined;
  #ended: PlaneStateValues['sessions.ended']['sessions'] = {};
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #arrived: () => void = () => undefined;

  constructor(options: PlaneStateViewOptions) {
    this.#options = options;
    const { state, injection } = options;
    this.#unwatch = [
      state.watch('config', ({ value }) => {
        const before = this.#config;
        this.#config = new ConfigView(value, injection, before);
        if (this.#config.scan !== before?.scan) this.#config.scan.faults.forEach(options.onFault);
        this.#arrived();
        options.onChange(this);
      }),
      state.watch('risk', ({ value }) => {
        this.#risk = value;
      }),
      state.watch('sessions.ended', ({ value }) => {
        this.#ended = value.sessions;
        options.onChange(this);
      }),
    ];
  }

  get config(): ConfigView | undefined {
    return this.#config;
  }

  get isStale(): boolean {
    return this.#options.state.isStale;
  }

  riskOf(agentId: string): SeenRisk {
    if (!this.#risk || this.#options.now() - Date.parse(this.#risk.at) > RISK_STALE_MS) return UNKNOWN_RISK;
    const { agents } = this.#risk;
    return Object.hasOwn(agents, agentId) ? (agents[agentId] ?? NO_RISK) : NO_RISK;
  }

  hasSessionEnded(sessionId: string): boolean {
    return Object.hasOwn(this.#ended, sessionId);
  }

  /** Waits up to 2 s for a newer document; all who ask meanwhile share one question. */
  refreshConfig(): Promise<void> {
    if (this.#refreshing) return this.#refreshing;
    if (this.#options.now() - this.#refreshedAt < REFRESH_EVERY_MS) return Promise.resolve();
    this.#refreshing = this.#refresh().finally(() => {
      this.#refreshing = undefined;
      this.#refreshedAt = this.#options.now();
    });
    return this.#refreshing;
  }

  close(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }

  async #refresh(): Promise<void> {
    const { state, now, refreshWaitMs = 2_000 } = this.#options;
    const arrival = new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, refreshWaitMs);
      this.#arrived = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await state.put('config.wanted', { at: new Date(now()).toISOString() }).catch(() => undefined);
    await arrival;
    this.#arrived = () => undefined;
  }
}
