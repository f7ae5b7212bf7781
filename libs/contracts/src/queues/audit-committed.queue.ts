import { isObject, type QueueDefinition } from './queue-definition';

/** A wake-up only: rows of the tenant were committed up to `seq`. Readers follow with their own cursor. */
export interface AuditCommittedPayload {
  readonly tenant_id: string;
  readonly seq: number;
}

export const AUDIT_COMMITTED_QUEUE: QueueDefinition<AuditCommittedPayload> = {
  name: 'audit.committed.v1',
  producers: ['audit-writer'],
  consumer: 'behavior-monitor',
  attempts: 1,
  backoffMs: 200,
  keepCompleted: 0,
  keepFailed: 10,
  accepts: (data): data is AuditCommittedPayload =>
    isObject(data) && typeof data['tenant_id'] === 'string' && Number.isSafeInteger(data['seq']),
};
