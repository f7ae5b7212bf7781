import type {
  AuditSpool,
  Claims,
  DecisionEngine,
  ExchangeMetrics,
  Identify,
  PlaneView,
  RateLimiter,
} from '../ports/ports';
import type { LoopTurns } from '../adapters/limits/loop-turns';
import type { Slots } from '../adapters/limits/slots';
import type { KeyedDigest } from './keyed-digest';
import type { OpenExchanges } from './open-exchanges';

/** Everything the stages use: one per process, made at its start. */
export interface Guard {
  readonly identify: Identify;
  readonly plane: PlaneView;
  readonly limiter: RateLimiter;
  readonly slots: Slots;
  readonly turns: LoopTurns;
  readonly engine: DecisionEngine;
  readonly claims: Claims;
  readonly spool: AuditSpool;
  readonly metrics: ExchangeMetrics;
  readonly open: OpenExchanges;
  readonly digest: KeyedDigest;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** How long a call may wait for a person, in ms. */
  readonly holdMs: number;
  /** Whether upstreams are told where in a trace they are asked. */
  readonly isTraceHandedOn: boolean;
}
