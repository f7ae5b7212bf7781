import type { RiskScore } from '@behavry/contracts';
import type { ConfigView } from '../plane/config-view';

/** The plane's state as an exchange reads it: all of it at hand, nothing waited for. */
export interface PlaneView {
  /** The configuration in force; undefined before the first one arrives. */
  readonly config: ConfigView | undefined;
  /** Whether the state is too old to be trusted for revocations. */
  readonly isStale: boolean;
  riskOf(agentId: string): RiskScore;
  hasSessionEnded(sessionId: string): boolean;
  /** Asks for a newer configuration, and waits a short while for it (lifecycle: new agents). */
  refreshConfig(): Promise<void>;
}
