import type { ReasonCode, Verdict } from '@behavry/contracts';

/** Why an exchange ends before its upstream answers. The proxy says it in its client's dialect. */
export interface Refusal {
  readonly verdict: Extract<Verdict, 'deny' | 'escalate'>;
  readonly reasonCode: ReasonCode;
  /** For the agent: a sentence without payload. */
  readonly reason: string;
  readonly policy: string | null;
  /** The caller is not known here: answered as a failed authentication (401). */
  readonly isUnauthenticated: boolean;
  /** Whether it becomes an audit row; what nobody can be named for does not. */
  readonly isRecorded: boolean;
  readonly retryAfterSeconds: number | null;
  readonly escalationId: string | null;
}

/** @returns a refusal of a named agent; `extra` overrides single fields */
export function refuse(reasonCode: ReasonCode, reason: string, extra: Partial<Refusal> = {}): Refusal {
  return {
    verdict: 'deny',
    reasonCode,
    reason,
    policy: null,
    isUnauthenticated: false,
    isRecorded: true,
    retryAfterSeconds: null,
    escalationId: null,
    ...extra,
  };
}
