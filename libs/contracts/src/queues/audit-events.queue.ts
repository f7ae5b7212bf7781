import type { LostEntry, SpoolEntry } from '../audit';
import { isObject } from '../json';
import type { QueueDefinition } from './queue-definition';

/** A contiguous run of one spool. */
export interface AuditEventsPayload {
  readonly spool_id: string;
  /** Positions of the first and the last entry. */
  readonly first: number;
  readonly last: number;
  /** The entries as one JSON array, in the texts that were spooled: nobody on the way parses them. */
  readonly entries: string;
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
  keepFailed: 10,
  accepts: (data): data is AuditEventsPayload =>
    isObject(data) &&
    typeof data['spool_id'] === 'string' &&
    Number.isSafeInteger(data['first']) &&
    Number.isSafeInteger(data['last']) &&
    typeof data['entries'] === 'string',
  // All of it, so that it is worth nothing for another place or spool.
  signedText: ({ spool_id, first, last, entries }) =>
    `${spool_id}\n${String(first)}\n${String(last)}\n${entries}`,
};

/**
 * @returns the entries of a batch, not narrowed yet
 * @throws SyntaxError for a text that is no JSON, Error when it does not hold one entry per position
 */
export function spoolEntriesOf(payload: AuditEventsPayload): readonly (SpoolEntry | LostEntry)[] {
  const entries: unknown = JSON.parse(payload.entries);
  if (!Array.isArray(entries) || entries.length !== payload.last - payload.first + 1)
    throw new Error('a batch must hold one entry for each of its positions');
  return entries as (SpoolEntry | LostEntry)[];
}
