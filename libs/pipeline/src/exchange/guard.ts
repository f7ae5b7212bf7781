import type { AuditSpool } from '../ports/audit-spool';
import type { Claims } from '../ports/claims';
import type { DecisionEngine } from '../ports/decision-engine';
import type { ExchangeMetrics } from '../ports/exchange-metrics';
import type { Identify } from '../ports/identify';
import type { PlaneView } from '../ports/plane-view';
import type { RateLimiter } from '../ports/rate-limiter';
import type { OpenExchanges } from './open-exchanges';

/** Everything the stages use: one per process, made at its start. */
export interface Guard {
  readonly identify: Identify;
  readonly plane: PlaneView;
  readonly limiter: RateLimiter;
  readonly engine: DecisionEngine;
  readonly claims: Claims;
  readonly spool: AuditSpool;
  readonly metrics: ExchangeMetrics;
  readonly open: OpenExchanges;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** How long a call may wait for a person, in ms. */
  readonly holdMs: number;
}
