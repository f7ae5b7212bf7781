import { canonicalJson } from '@behavry/domain';
import type { AuditRecord } from '@behavry/contracts';

/** An audit row that has its place in the chain but not its hashes yet. */
export interface SequencedRecord extends AuditRecord {
  readonly seq: number;
}

type ColumnType = 'uuid' | 'bigint' | 'timestamptz' | 'text' | 'jsonb' | 'double precision' | 'integer';

/** One column that is derived from the chained content. */
export interface AuditColumn {
  readonly name: keyof SequencedRecord;
  readonly type: ColumnType;
}

const TEXTS = [
  'kind',
  'agent_id',
  'session_id',
  'requester_id',
  'workflow_id',
  'action',
  'tool',
  'server',
  'model',
  'target',
  'verdict',
  'policy',
  'reason',
  'reason_code',
  'bundle_revision',
  'config_revision',
  'engine',
  'dlp_action',
  'input_hash',
  'outcome',
  'error',
] as const satisfies readonly (keyof SequencedRecord)[];

/** Every derived column; the names are those of the record's members. */
export const AUDIT_COLUMNS: readonly AuditColumn[] = [
  { name: 'tenant_id', type: 'uuid' },
  { name: 'seq', type: 'bigint' },
  { name: 'ts', type: 'timestamptz' },
  { name: 'id', type: 'uuid' },
  { name: 'risk_score', type: 'double precision' },
  { name: 'response_code', type: 'integer' },
  { name: 'latency_ms', type: 'double precision' },
  { name: 'dlp_findings', type: 'jsonb' },
  { name: 'injection_findings', type: 'jsonb' },
  { name: 'extra', type: 'jsonb' },
  ...TEXTS.map((name) => ({ name, type: 'text' as const })),
];

/** @returns what a column holds for a record, as a parameter of a query */
export function columnValue(column: AuditColumn, record: SequencedRecord): string | number | null {
  const value = record[column.name];
  if (column.type === 'jsonb') return canonicalJson(value);
  return value as string | number | null;
}

/**
 * Whether the columns of a stored row still say what its chained text says.
 * @param row as the driver returns it
 */
export function columnsAgree(row: Readonly<Record<string, unknown>>, record: SequencedRecord): boolean {
  return AUDIT_COLUMNS.every((column) => {
    const expected = columnValue(column, record) ?? null;
    const stored = row[column.name] ?? null;
    if (stored === null || expected === null) return stored === expected;
    switch (column.type) {
      case 'bigint':
        return Number(stored) === expected;
      case 'timestamptz':
        return stored instanceof Date && stored.getTime() === Date.parse(String(expected));
      case 'jsonb':
        return canonicalJson(stored) === expected;
      case 'uuid':
        return stored === String(expected).toLowerCase();
      case 'text':
      case 'integer':
      case 'double precision':
        return stored === expected;
    }
  });
}
