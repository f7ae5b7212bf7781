import type { AuditEvent, PersonalValues, SequencedRecord } from '@behavry/contracts';
import type { StoredAuditEvent } from './audit-query.repository';

/** @returns the event as people read it: personal values in clear, null once they were erased */
export function auditEventOf(stored: StoredAuditEvent): AuditEvent {
  const record = JSON.parse(stored.canonical) as SequencedRecord;
  return {
    ...record,
    requester_id: stored.personal?.requester_id?.value ?? null,
    target: targetOf(record, stored.personal),
    previous_hash: stored.previousHash,
    hash: stored.hash,
  };
}

/** @returns the row exactly as it was hashed, with its two hashes, as one line of JSON */
export function auditRowText(stored: StoredAuditEvent, withPersonal: boolean): string {
  const beside = withPersonal ? `,"personal":${JSON.stringify(stored.personal)}` : '';
  return `${stored.canonical.slice(0, -1)},"previous_hash":"${stored.previousHash}","hash":"${stored.hash}"${beside}}`;
}

/** Free text never had a form that may be shown; its class and keyed digest stand for it. */
function targetOf(record: SequencedRecord, personal: PersonalValues | null): string | null {
  if (record.target !== null) return personal?.target?.value ?? null;
  return record.target_class === null ? null : `${record.target_class}:${record.target_key ?? ''}`;
}
