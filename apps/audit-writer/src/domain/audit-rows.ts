import { randomBytes } from 'node:crypto';
import {
  AUDIT_RECORD_VERSION,
  DLP_ACTIONS,
  type AuditRecord,
  type DecisionEntry,
  type DlpAction,
  type OutcomeEntry,
  type PersonalValues,
  type SaltedValue,
  type WholeEntry,
} from '@behavry/contracts';
import type { NewAuditRow } from '@behavry/db-data';
import { saltedDigest } from '@behavry/domain';

type Decided = Omit<DecisionEntry, 'type'>;
type Settled = Omit<OutcomeEntry, 'type' | 'id' | 'ts'>;

/** What an exchange looks like of which nobody knows how it ended. */
const ABANDONED: Settled = {
  outcome: 'aborted',
  response_code: null,
  latency_ms: 0,
  error: 'process_restarted',
  dlp_findings: [],
  dlp_action: 'none',
  injection_findings: [],
  bytes_down: 0,
  tokens: null,
  extra: {},
};

const NOBODY: Decided = {
  id: '',
  tenant_id: '',
  ts: '',
  kind: 'admin',
  agent_id: null,
  session_id: null,
  requester: null,
  workflow_id: null,
  delegation_id: null,
  depth: 0,
  action: 'record_set_aside',
  action_class: 'unknown',
  tool: null,
  server: null,
  provider: null,
  model: null,
  target: null,
  resource_count: 0,
  verdict: 'deny',
  policy: null,
  reason: 'The record of an exchange could not be stored and was set aside.',
  reason_code: 'record_set_aside',
  contributions: [],
  bundle_revision: null,
  config_revision: null,
  engine: null,
  risk_score: 0,
  dlp_findings: [],
  dlp_action: 'none',
  injection_findings: [],
  input_hash: null,
  bytes_up: 0,
  extra: {},
};

/** @returns the one row that a decision and its outcome make (architecture: how a record is made) */
export function mergedRow(decision: Decided, outcome: Settled): NewAuditRow {
  return rowOf(decision, {
    ...outcome,
    dlp_findings: [...decision.dlp_findings, ...outcome.dlp_findings],
    dlp_action: stronger(decision.dlp_action, outcome.dlp_action),
    injection_findings: [...decision.injection_findings, ...outcome.injection_findings],
    extra: { ...decision.extra, ...outcome.extra },
  });
}

/** @returns the row of an exchange that came as one entry */
export function wholeRow(entry: WholeEntry): NewAuditRow {
  return rowOf(entry, entry);
}

/** @returns the row of a decision whose outcome never came */
export function abandonedRow(decision: Decided): NewAuditRow {
  return mergedRow(decision, ABANDONED);
}

/**
 * The row that stands for an entry which could not become one: the chain says that something is missing, and where.
 * @param row `ts` RFC 3339; `extra` names the place and the digest of what was set aside
 */
export function setAsideRow(row: Pick<AuditRecord, 'id' | 'tenant_id' | 'ts' | 'extra'>): NewAuditRow {
  return rowOf({ ...NOBODY, ...row }, { ...ABANDONED, error: 'record_set_aside', extra: row.extra });
}

/** Personal values enter the row as digests with a salt of their own, and stand beside it in clear. */
function rowOf(decision: Decided, settled: Settled): NewAuditRow {
  const { requester, target } = decision;
  const personal: PersonalValues = {
    requester_id: salted(requester?.id ?? null),
    target: salted(target?.shown ?? null),
  };
  const record: AuditRecord = {
    ...decision,
    v: AUDIT_RECORD_VERSION,
    outcome: settled.outcome,
    response_code: settled.response_code,
    latency_ms: settled.latency_ms,
    error: settled.error,
    dlp_findings: settled.dlp_findings,
    dlp_action: settled.dlp_action,
    injection_findings: settled.injection_findings,
    bytes_down: settled.bytes_down,
    tokens: settled.tokens,
    cost: null,
    extra: settled.extra,
    requester_id: personal.requester_id && saltedDigest(personal.requester_id),
    requester_channel: requester?.channel ?? null,
    target: personal.target && saltedDigest(personal.target),
    target_class: target?.class ?? null,
    target_key: target?.key ?? null,
  };
  return { record, personal };
}

function salted(value: string | null): SaltedValue | null {
  return value === null ? null : { salt: randomBytes(16).toString('hex'), value };
}

function stronger(a: DlpAction, b: DlpAction): DlpAction {
  return DLP_ACTIONS.indexOf(a) >= DLP_ACTIONS.indexOf(b) ? a : b;
}
