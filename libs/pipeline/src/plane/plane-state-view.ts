import type { PlaneStateKey, PlaneStateValues, RiskScore } from '@behavry/contracts';
import type { PlaneView } from '../ports/plane-view';
import { ConfigView } from './config-view';

/** What is used of the plane's state: a snapshot that is followed. */
export interface StateSource {
  readonly isStale: boolean;
  watch<K extends PlaneStateKey>(
    key: K,
    watcher: (state: { readonly value: PlaneStateValues[K] }) => void,
  ): () => void;
  put<K extends PlaneStateKey>(key: K, value: PlaneStateValues[K]): Promise<unknown>;
}

export interface PlaneStateViewOptions {
  readonly state: StateSource;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Called after a change that may stop what is under way. */
  readonly onChange: (view: PlaneView) => void;
  /** Called for each DLP pattern that cannot be used. */
  readonly onFault: (error: Error) => void;
  readonly refreshWaitMs?: number;
}

const UNKNOWN_RISK: RiskScore = { score: 0, tier: 'low' };
// An agent that stays unknown must not make the plane ask again for each of its requests.
const REFRESH_EVERY_MS = 1_000;

/** The plane's state, indexed anew whenever a value changes. */
export class PlaneStateView implements PlaneView {
  readonly #options: PlaneStateViewOptions;
  readonly #unwatch: readonly (() => void)[];
  #config: ConfigView | undefined;
  #risk: PlaneStateValues['risk']['agents'] = {};
  #ended: PlaneStateValues['sessions.ended']['sessions'] = {};
  #refreshing: Promise<void> | undefined;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #arrived: () => void = () => undefined;

  constructor(options: PlaneStateViewOptions) {
    this.#options = options;
    const { state } = options;
    this.#unwatch = [
      state.watch('config', ({ value }) => {
        this.#config = new ConfigView(value, this.#config);
        this.#config.faults.forEach(options.onFault);
        this.#arrived();
        options.onChange(this);
      }),
      state.watch('risk', ({ value }) => {
        this.#risk = value.agents;
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

  riskOf(agentId: string): RiskScore {
    return Object.hasOwn(this.#risk, agentId) ? (this.#risk[agentId] ?? UNKNOWN_RISK) : UNKNOWN_RISK;
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
