import type { ReasonCode, Verdict } from '@behavry/contracts';

/**
 * Why an exchange ends before its upstream's answer is given. The proxy says it in its client's dialect.
 * @typeParam F the dialect's own way to tell it, where the plain one does not do
 */
export interface Refusal<F = never> {
  readonly verdict: Extract<Verdict, 'deny' | 'escalate'>;
  readonly reasonCode: ReasonCode;
  /** For the agent: a sentence without payload. */
  readonly reason: string;
  readonly policy: string | null;
  /** The caller is not known here: answered as a failed authentication (401). */
  readonly isUnauthenticated: boolean;
  /** Whether it becomes an audit row; what nobody can be named for does not. */
  readonly isRecorded: boolean;
  /** Whether `reason` may stand in the record: an author may have built it from the call. */
  readonly isReasonConstant: boolean;
  readonly retryAfterSeconds: number | null;
  readonly escalationId: string | null;
  readonly fault: F | null;
}

/** @returns a refusal of a named agent; `extra` overrides single fields */
export function refuse<F = never>(
  reasonCode: ReasonCode,
  reason: string,
  extra: Partial<Refusal<F>> = {},
): Refusal<F> {
  return {
    verdict: 'deny',
    reasonCode,
    reason,
    policy: null,
    isUnauthenticated: false,
    isRecorded: true,
    isReasonConstant: true,
    retryAfterSeconds: null,
    escalationId: null,
    fault: null,
    ...extra,
  };
}

/** Why a running exchange was ended from outside. */
export type StopReason = Extract<
  ReasonCode,
  'client_aborted' | 'kill_switch' | 'agent_suspended' | 'agent_unknown' | 'session_revoked'
>;

/** @returns what an agent is told when its exchange is stopped */
export function refusalFor(reason: StopReason): Refusal {
  switch (reason) {
    case 'agent_unknown':
      return refuse(reason, 'the agent is not known', { isUnauthenticated: true });
    case 'session_revoked':
      return refuse(reason, 'the session has been ended', { isUnauthenticated: true });
    case 'agent_suspended':
      return refuse(reason, 'the agent is suspended');
    case 'kill_switch':
      return refuse(reason, 'stopped by a kill switch');
    case 'client_aborted':
      return refuse(reason, 'the client went away');
  }
}

/** @returns what an agent is told while a person must still decide */
export function pendingRefusal(escalationId: string, policy: string | null = null): Refusal {
  return refuse('escalation_pending', 'a person must approve this call; try it again after approval', {
    verdict: 'escalate',
    policy,
    escalationId,
  });
}

/** Whether it says that a person must still decide. */
export function isPending({ reasonCode }: Pick<Refusal, 'reasonCode'>): boolean {
  return reasonCode === 'escalation_pending';
}

/** Whether it says that its caller does too much, in a minute or at once. */
export function isLimited({ reasonCode }: Pick<Refusal, 'reasonCode'>): boolean {
  return reasonCode === 'rate_limited' || reasonCode === 'concurrency_limited';
}
