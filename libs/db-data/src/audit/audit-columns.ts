import { AUDIT_FIELDS, type AuditColumnType, type SequencedRecord } from '@behavry/contracts';

/** One column that is derived from the hashed text, for queries that filter by it. */
export interface AuditColumn {
  readonly name: keyof SequencedRecord;
  readonly type: AuditColumnType;
}

/** Every derived column; the names are those of the record's members. */
export const AUDIT_COLUMNS: readonly AuditColumn[] = Object.entries(AUDIT_FIELDS).flatMap(([name, field]) =>
  'column' in field ? [{ name: name as keyof SequencedRecord, type: field.column }] : [],
);

/**
 * Whether the columns of a stored row still say what its hashed text says.
 * @param row as the driver returns it
 */
export function columnsAgree(row: Readonly<Record<string, unknown>>, record: SequencedRecord): boolean {
  return AUDIT_COLUMNS.every(({ name, type }) => {
    const expected = record[name] ?? null;
    const stored = row[name] ?? null;
    if (stored === null || expected === null) return stored === expected;
    switch (type) {
      case 'bigint':
        return Number(stored) === expected;
      case 'timestamptz':
        return stored instanceof Date && stored.getTime() === Date.parse(expected as string);
      case 'uuid':
        return stored === (expected as string).toLowerCase();
      case 'text':
        return stored === expected;
    }
  });
}
