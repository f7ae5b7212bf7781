import { randomBytes } from 'node:crypto';
import {
  ABANDONED_OUTCOME,
  AUDIT_FIELDS,
  AUDIT_RECORD_VERSION,
  DLP_ACTIONS,
  type AuditField,
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

type Writable<T> = { -readonly [K in keyof T]: T[K] };
type Decided = Omit<DecisionEntry, 'type'>;
type Settled = Omit<OutcomeEntry, 'type' | 'id' | 'ts'>;

/** A record as the table of its fields names it, still empty; with `seq`, because V8 adds a member late at a high price. */
const EMPTY = Object.fromEntries(
  Object.keys(AUDIT_FIELDS).map((name) => [name, null]),
) as unknown as Writable<AuditRecord>;
const DECIDED = namesOf('decision', 'both');
const SETTLED = namesOf('outcome');

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
  const row = rowOf(decision, outcome);
  return { ...row, record: Object.assign(row.record, joined(decision, outcome)) };
}

/** @returns the row of an exchange that came as one entry */
export function wholeRow(entry: WholeEntry): NewAuditRow {
  return rowOf(entry, entry);
}

/** @returns the row of a decision whose outcome never came */
export function abandonedRow(decision: Decided): NewAuditRow {
  return mergedRow(decision, ABANDONED_OUTCOME);
}

/**
 * The row that stands for an entry which could not become one: the chain says that something is missing, and where.
 * @param row `ts` RFC 3339; `extra` names the place and the digest of what was set aside
 */
export function setAsideRow(row: Pick<AuditRecord, 'id' | 'tenant_id' | 'ts' | 'extra'>): NewAuditRow {
  return mergedRow({ ...NOBODY, ...row }, { ...ABANDONED_OUTCOME, error: 'record_set_aside' });
}

/**
 * Personal values enter the row as digests with a salt of their own, and stand beside it in clear.
 * A parsed entry has so many members that V8 takes fifty times longer to spread it than to fill a ready object.
 */
function rowOf(decision: Decided, settled: Settled): NewAuditRow {
  const { requester, target } = decision;
  const personal: PersonalValues = {
    requester_id: salted(requester?.id ?? null),
    target: salted(target?.shown ?? null),
  };
  const record = { ...EMPTY };
  fill(record, DECIDED, decision);
  fill(record, SETTLED, settled);
  record.v = AUDIT_RECORD_VERSION;
  record.requester_id = personal.requester_id && saltedDigest(personal.requester_id);
  record.requester_channel = requester?.channel ?? null;
  record.target = personal.target && saltedDigest(personal.target);
  record.target_class = target?.class ?? null;
  record.target_key = target?.key ?? null;
  return { record, personal };
}

function fill<T>(record: T, names: readonly (keyof T)[], from: object): void {
  for (const name of names) record[name] = (from as T)[name];
}

function namesOf(...of: readonly AuditField['of'][]): readonly (keyof AuditRecord)[] {
  return Object.entries(AUDIT_FIELDS).flatMap(([name, field]) =>
    of.includes(field.of) ? [name as keyof AuditRecord] : [],
  );
}

/** What both ways of an exchange found, and what was added to either. */
function joined(decision: Decided, outcome: Settled): Partial<AuditRecord> {
  return {
    dlp_findings: [...decision.dlp_findings, ...outcome.dlp_findings],
    dlp_action: stronger(decision.dlp_action, outcome.dlp_action),
    injection_findings: [...decision.injection_findings, ...outcome.injection_findings],
    extra: { ...decision.extra, ...outcome.extra },
  };
}

function salted(value: string | null): SaltedValue | null {
  return value === null ? null : { salt: randomBytes(16).toString('hex'), value };
}

function stronger(a: DlpAction, b: DlpAction): DlpAction {
  return DLP_ACTIONS.indexOf(a) >= DLP_ACTIONS.indexOf(b) ? a : b;
}
