import type { AuditFact, SequencedRecord } from '@behavry/contracts';

/**
 * @param requesterKey keyed digest of the requester, null without one
 * @returns what detectors of behaviour read of a row
 */
export function auditFactOf(record: SequencedRecord, requesterKey: string | null): AuditFact {
  return {
    seq: record.seq,
    at_ms: Date.parse(record.ts),
    agent_id: record.agent_id,
    session_id: record.session_id,
    requester_key: requesterKey,
    verdict: record.verdict,
    reason_code: record.reason_code,
    outcome: record.outcome,
    action_class: record.action_class,
    server: record.server,
    tool: record.tool,
    target_class: record.target_class,
    target_key: record.target_key,
    bytes_up: record.bytes_up,
    bytes_down: record.bytes_down,
  };
}
