import { AUDIT_KINDS, DLP_ACTIONS, type SequencedRecord } from './audit';
import { OUTCOMES, VERDICTS } from './codes';

/**
 * What a member of a record may hold; `?` allows null, a list names every value. `key?`: a text that is indexed, at most
 * 512 characters. `made`: not narrowed, because the writer itself makes it.
 */
export type FieldShape =
  | 'uuid'
  | 'time'
  | 'text'
  | 'text?'
  | 'key?'
  | 'number'
  | 'count'
  | 'int32?'
  | 'list'
  | 'object'
  | 'object?'
  | 'made'
  | readonly string[];

export type AuditColumnType = 'uuid' | 'bigint' | 'timestamptz' | 'text';

/** One member of the audit record. */
export interface AuditField {
  /** Which spool entry brings it; an entry that is `whole` brings them all. */
  readonly of: 'decision' | 'outcome' | 'both' | 'writer';
  readonly shape: FieldShape;
  /** Type of its own column, for members that a query filters by; the others stand in the hashed text alone. */
  readonly column?: AuditColumnType;
}

/**
 * The members of the audit record, in the order of a CSV export. Narrowing of spool entries, the hashed text, the
 * columns and CSV follow from this table.
 */
export const AUDIT_FIELDS = {
  seq: { of: 'writer', shape: 'made', column: 'bigint' },
  id: { of: 'both', shape: 'uuid', column: 'uuid' },
  ts: { of: 'both', shape: 'time', column: 'timestamptz' },
  tenant_id: { of: 'decision', shape: 'uuid', column: 'uuid' },
  kind: { of: 'decision', shape: AUDIT_KINDS, column: 'text' },
  agent_id: { of: 'decision', shape: 'key?', column: 'text' },
  session_id: { of: 'decision', shape: 'key?', column: 'text' },
  requester_id: { of: 'writer', shape: 'made' },
  requester_channel: { of: 'writer', shape: 'made' },
  workflow_id: { of: 'decision', shape: 'text?' },
  delegation_id: { of: 'decision', shape: 'text?' },
  depth: { of: 'decision', shape: 'count' },
  action: { of: 'decision', shape: 'text' },
  action_class: { of: 'decision', shape: 'text' },
  tool: { of: 'decision', shape: 'text?', column: 'text' },
  server: { of: 'decision', shape: 'text?', column: 'text' },
  provider: { of: 'decision', shape: 'text?' },
  model: { of: 'decision', shape: 'text?' },
  target: { of: 'writer', shape: 'made' },
  target_class: { of: 'writer', shape: 'made' },
  target_key: { of: 'writer', shape: 'made' },
  resource_count: { of: 'decision', shape: 'count' },
  verdict: { of: 'decision', shape: VERDICTS, column: 'text' },
  policy: { of: 'decision', shape: 'text?' },
  reason: { of: 'decision', shape: 'text' },
  reason_code: { of: 'decision', shape: 'text' },
  contributions: { of: 'decision', shape: 'list' },
  bundle_revision: { of: 'decision', shape: 'text?' },
  config_revision: { of: 'decision', shape: 'text?' },
  engine: { of: 'decision', shape: 'text?' },
  risk_score: { of: 'decision', shape: 'number' },
  dlp_findings: { of: 'both', shape: 'list' },
  dlp_action: { of: 'both', shape: DLP_ACTIONS },
  injection_findings: { of: 'both', shape: 'list' },
  input_hash: { of: 'decision', shape: 'text?' },
  bytes_up: { of: 'decision', shape: 'count' },
  bytes_down: { of: 'outcome', shape: 'count' },
  tokens: { of: 'outcome', shape: 'object?' },
  cost: { of: 'writer', shape: 'made' },
  outcome: { of: 'outcome', shape: OUTCOMES },
  response_code: { of: 'outcome', shape: 'int32?' },
  latency_ms: { of: 'outcome', shape: 'number' },
  error: { of: 'outcome', shape: 'text?' },
  extra: { of: 'both', shape: 'object' },
  v: { of: 'writer', shape: 'made' },
} as const satisfies Readonly<Record<keyof SequencedRecord, AuditField>>;
