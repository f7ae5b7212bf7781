import type { Outcome, ReasonCode, Verdict } from './codes';
import type { Finding } from './decision';

export type AuditKind = 'mcp' | 'llm' | 'browser' | 'admin';

/** First spool entry of an exchange: durable before the first byte of the answer leaves. */
export interface DecisionEntry {
  readonly type: 'decision';
  /** Decision id, UUIDv7; also the id of the audit row. */
  readonly id: string;
  readonly tenant_id: string;
  /** RFC 3339 UTC with milliseconds. */
  readonly ts: string;
  readonly kind: AuditKind;
  readonly agent_id: string | null;
  readonly session_id: string | null;
  readonly requester_id: string | null;
  readonly workflow_id: string | null;
  readonly action: string;
  readonly tool: string | null;
  readonly server: string | null;
  readonly model: string | null;
  readonly target: string | null;
  readonly verdict: Verdict;
  readonly policy: string | null;
  readonly reason: string;
  readonly reason_code: ReasonCode;
  readonly bundle_revision: string | null;
  readonly config_revision: string | null;
  readonly engine: string | null;
  readonly risk_score: number;
  readonly dlp_findings: readonly Finding[];
  readonly dlp_action: 'none' | 'logged' | 'blocked' | 'redacted';
  readonly injection_findings: readonly Finding[];
  /** `sha256:<hex>` of the canonical JSON of the arguments. */
  readonly input_hash: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
}

/** Second spool entry of an exchange: what became of it. */
export interface OutcomeEntry {
  readonly type: 'outcome';
  readonly id: string;
  readonly ts: string;
  readonly outcome: Outcome;
  /** Status or code that the agent saw. */
  readonly response_code: number | null;
  readonly latency_ms: number;
  /** A reason code, never a message that could carry a payload. */
  readonly error: ReasonCode | null;
  /** Findings in what came back; joined to those of the decision. */
  readonly dlp_findings: readonly Finding[];
  readonly dlp_action: DecisionEntry['dlp_action'];
  readonly extra: Readonly<Record<string, unknown>>;
}

export type SpoolEntry = DecisionEntry | OutcomeEntry;

/** An audit row before it is chained: both entries merged. */
export interface AuditRecord
  extends
    Omit<DecisionEntry, 'type'>,
    Pick<OutcomeEntry, 'outcome' | 'response_code' | 'latency_ms' | 'error'> {}

/** An audit event as read through the API (surface: bodies). */
export interface AuditEvent extends AuditRecord {
  readonly seq: number;
  /** Hex SHA-256 of the row before this one; 64 zeros for the first. */
  readonly previous_hash: string;
  /** Hex SHA-256 of the canonical JSON of the row without its two hashes, followed by `previous_hash`. */
  readonly hash: string;
}
