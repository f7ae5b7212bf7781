import type { ReasonCode } from '@behavry/contracts';
import { refuse, type Refusal, type UpstreamFault } from '@behavry/pipeline';
import type { Dialect } from '../dialects/dialect';

// A denial is 403, which no SDK tries again. Only what may be different a moment later is 429 or 5xx.
const STATUS: Readonly<Partial<Record<ReasonCode, number>>> = {
  request_malformed: 400,
  request_too_large: 413,
  budget_exceeded: 429,
  rate_limited: 429,
  concurrency_limited: 429,
  upstream_error: 502,
  upstream_timeout: 504,
  audit_unavailable: 503,
  state_stale: 503,
  escalation_unavailable: 503,
  client_aborted: 499,
};

/** @returns the HTTP status by which a refusal is told, in every dialect */
export function statusOf({
  reasonCode,
  isUnauthenticated,
}: Pick<Refusal, 'reasonCode' | 'isUnauthenticated'>): number {
  return isUnauthenticated ? 401 : (STATUS[reasonCode] ?? 403);
}

/** On an answer with which a person has to do: what they decide. */
export const ESCALATION_HEADER = 'x-behavry-escalation';

/** @returns what an agent is told of a refusal in any dialect; the id of an escalation is part of the sentence */
export function sentenceOf({ reason, escalationId }: Refusal): string {
  return `Behavry: ${escalationId === null ? reason : `${reason} (escalation ${escalationId})`}`;
}

/** @returns what a failure of the provider is called in front of agents */
export function faultRefusal(fault: UpstreamFault): Refusal {
  const reason = {
    upstream_timeout: 'the provider did not answer in time',
    upstream_error: 'the provider failed or gave an answer that cannot be understood',
    client_aborted: 'the client went away',
  }[fault];
  return refuse(fault, reason);
}

/**
 * Whether an answer says that the key was wrong. About the plane's own, the agent would take it for a word about its
 * own token.
 */
export function saysKeyIsWrong(dialect: Dialect, status: number, bytes: Buffer): boolean {
  return status === 401 || status === 403 || dialect.isKeyFault?.(status, bytes) === true;
}
