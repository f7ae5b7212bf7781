import type { TargetClass } from '../audit';
import type { Outcome, ReasonCode, Verdict } from '../codes';
import { isObject } from '../json';
import type { QueueDefinition } from './queue-definition';

/** What a detector of behaviour reads of one audit row (semantics: behaviour and risk). */
export interface AuditFact {
  readonly seq: number;
  /** Milliseconds since the Unix epoch. */
  readonly at_ms: number;
  readonly agent_id: string | null;
  readonly session_id: string | null;
  /** Keyed digest: the same requester compares equal on this plane. */
  readonly requester_key: string | null;
  readonly verdict: Verdict;
  readonly reason_code: ReasonCode;
  readonly outcome: Outcome;
  readonly action_class: string;
  readonly server: string | null;
  readonly tool: string | null;
  readonly target_class: TargetClass | null;
  readonly target_key: string | null;
  readonly bytes_up: number;
  readonly bytes_down: number;
}

/** Rows of a tenant that were committed, in the order of the chain. Readers keep a cursor and read what they missed. */
export interface AuditCommittedPayload {
  readonly tenant_id: string;
  readonly facts: readonly AuditFact[];
}

export const AUDIT_COMMITTED_QUEUE: QueueDefinition<AuditCommittedPayload> = {
  name: 'audit.committed.v1',
  producers: ['audit-writer'],
  consumer: 'behavior-monitor',
  attempts: 1,
  backoffMs: 200,
  keepCompleted: 0,
  keepFailed: 0,
  accepts: (data): data is AuditCommittedPayload =>
    isObject(data) &&
    typeof data['tenant_id'] === 'string' &&
    Array.isArray(data['facts']) &&
    data['facts'].every((fact) => isObject(fact) && Number.isSafeInteger(fact['seq'])),
  // A database may hand the members of an object on in another order.
  signedText: ({ tenant_id, facts }) =>
    JSON.stringify([
      tenant_id,
      facts.map((fact) => Object.entries(fact).sort(([a], [b]) => (a < b ? -1 : 1))),
    ]),
};
