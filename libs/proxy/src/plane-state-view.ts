import type { PlaneStateValues } from '@behavry/contracts';
import { ConfigView, type PlaneView, type SeenRisk } from '@behavry/pipeline';
import type { NextConfig, PlaneState } from '@behavry/platform';

export interface PlaneStateViewOptions {
  readonly state: PlaneState;
  readonly nextConfig: NextConfig;
  /** What is done about a critical injection. */
  readonly injection: ConfigView['injection'];
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Called after a change that may stop what is under way. */
  readonly onChange: (view: PlaneView) => void;
  /** Called for each DLP pattern that cannot be used. */
  readonly onFault: (error: Error) => void;
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
  #ended: PlaneStateValues['sessions.ended']['sessions'] | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;

  constructor(options: PlaneStateViewOptions) {
    this.#options = options;
    const { state, injection } = options;
    this.#unwatch = [
      state.watch('config', ({ value }) => {
        const before = this.#config;
        this.#config = new ConfigView(value, injection, before);
        if (this.#config.scan !== before?.scan) this.#config.scan.faults.forEach(options.onFault);
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

  /** Also while nobody has told which sessions have ended: an ended one must not pass because that is not known. */
  get isStale(): boolean {
    return this.#ended === undefined || this.#options.state.isStale;
  }

  /** Whether it was told which sessions have ended. */
  get knowsEndedSessions(): boolean {
    return this.#ended !== undefined;
  }

  riskOf(agentId: string): SeenRisk {
    if (!this.#risk || this.#options.now() - Date.parse(this.#risk.at) > RISK_STALE_MS) return UNKNOWN_RISK;
    const { agents } = this.#risk;
    return Object.hasOwn(agents, agentId) ? (agents[agentId] ?? NO_RISK) : NO_RISK;
  }

  hasSessionEnded(sessionId: string): boolean {
    return this.#ended !== undefined && Object.hasOwn(this.#ended, sessionId);
  }

  /** Waits a short while for a document that knows the agent; not again at once after it was in vain. */
  async refreshConfig(agentId: string): Promise<void> {
    const { now, nextConfig } = this.#options;
    if (now() - this.#refreshedAt < REFRESH_EVERY_MS) return;
    await nextConfig.wait(({ agents }) => agents.some(({ id }) => id === agentId));
    if (this.#config?.agent(agentId) === undefined) this.#refreshedAt = now();
  }

  close(): void {
    for (const unwatch of this.#unwatch) unwatch();
  }
}
