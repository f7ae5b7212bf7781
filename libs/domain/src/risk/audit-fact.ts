import { createHmac } from 'node:crypto';
import type { AuditFact, PersonalValues, SequencedRecord } from '@behavry/contracts';

/**
 * @param personal the values beside the row, null once they were erased
 * @param key of the plane, for the digest under which a requester compares equal there
 * @returns what detectors of behaviour read of a row
 */
export function auditFactOf(
  record: SequencedRecord,
  personal: PersonalValues | null,
  key: Buffer,
): AuditFact {
  const requester = personal?.requester_id?.value;
  return {
    seq: record.seq,
    at_ms: Date.parse(record.ts),
    agent_id: record.agent_id,
    session_id: record.session_id,
    requester_key:
      requester === undefined ? null : createHmac('sha256', key).update(requester).digest('hex').slice(0, 32),
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
