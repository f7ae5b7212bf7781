import { AUDIT_FIELDS, type AuditEvent } from '@behavry/contracts';

/** The columns of a CSV export, in order. */
export const CSV_COLUMNS = [
  ...(Object.keys(AUDIT_FIELDS) as (keyof typeof AUDIT_FIELDS)[]),
  'previous_hash',
  'hash',
] as const satisfies readonly (keyof AuditEvent)[];

/** @returns one line of CSV (RFC 4180) without its end */
export function csvLine(event: AuditEvent): string {
  return CSV_COLUMNS.map((name) => csvField(event[name])).join(',');
}

/**
 * Texts come from agents, and a spreadsheet runs a cell that begins like a formula: such a text gets an
 * apostrophe before it. Who needs the exact bytes takes NDJSON.
 */
function csvField(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
