import type { SpoolEntry } from '../audit';
import { isObject, type QueueDefinition } from './queue-definition';

/** A contiguous run of one spool: positions `first` … `first + entries.length - 1`. */
export interface AuditEventsPayload {
  readonly spool_id: string;
  readonly first: number;
  readonly entries: readonly SpoolEntry[];
}

/**
 * Spool entries on their way to the only writer. Job id `<spool_id>-<first>-<last>`; the writer skips
 * positions it has stored, so a batch may come twice.
 */
export const AUDIT_EVENTS_QUEUE: QueueDefinition<AuditEventsPayload> = {
  name: 'audit.events.v1',
  producers: ['mcp-proxy', 'llm-proxy'],
  consumer: 'audit-writer',
  attempts: 3,
  backoffMs: 200,
  keepCompleted: 0,
  keepFailed: 100,
  accepts: (data): data is AuditEventsPayload =>
    isObject(data) &&
    typeof data['spool_id'] === 'string' &&
    Number.isSafeInteger(data['first']) &&
    Array.isArray(data['entries']),
};
