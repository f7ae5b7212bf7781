import type { Outcome, ReasonCode, Verdict } from './codes';
import type { Contribution, Finding } from './decision';

export const AUDIT_KINDS = ['mcp', 'llm', 'browser', 'admin'] as const;
export type AuditKind = (typeof AUDIT_KINDS)[number];

/** What a target is: paths, addresses and names have a form that may be shown; the text of the others stays with the caller. */
export const TARGET_CLASSES = ['path', 'url', 'name', 'query', 'command', 'model', 'text'] as const;
export type TargetClass = (typeof TARGET_CLASSES)[number];

/** What a call is about, as far as anybody but the caller and its upstream may know. */
export interface Target {
  readonly class: TargetClass;
  /**
   * First 32 hex digits of an HMAC-SHA-256 with a key of the plane over the whole text: equal texts compare equal
   * on this plane, and nowhere else.
   */
  readonly key: string;
  /** A path without findings, an address without credentials, query and findings, a plain name; null for free text. */
  readonly shown: string | null;
}

/** On whose behalf a call is made. */
export interface Requester {
  readonly id: string;
  readonly channel: string;
  readonly verified: boolean;
}

/** Tokens of a model exchange as the provider counted them. */
export interface TokenCounts {
  readonly prompt: number;
  readonly completion: number;
  readonly total: number;
}

/** Weakest first. */
export const DLP_ACTIONS = ['none', 'logged', 'redacted', 'blocked'] as const;
export type DlpAction = (typeof DLP_ACTIONS)[number];

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
  readonly requester: Requester | null;
  readonly workflow_id: string | null;
  readonly delegation_id: string | null;
  /** Links of the delegation chain; 0 for a call of one's own. */
  readonly depth: number;
  readonly action: string;
  readonly action_class: string;
  readonly tool: string | null;
  readonly server: string | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly target: Target | null;
  readonly resource_count: number;
  readonly verdict: Verdict;
  readonly policy: string | null;
  /** A fixed sentence: of this product, or a constant of the policy. Never text of the call. */
  readonly reason: string;
  readonly reason_code: ReasonCode;
  readonly contributions: readonly Contribution[];
  readonly bundle_revision: string | null;
  readonly config_revision: string | null;
  readonly engine: string | null;
  readonly risk_score: number;
  readonly dlp_findings: readonly Finding[];
  readonly dlp_action: DlpAction;
  readonly injection_findings: readonly Finding[];
  /** `hmac-sha256:<hex>` with a key of the plane over the canonical JSON of what goes upstream. */
  readonly input_hash: string | null;
  /** Size of the request in bytes. */
  readonly bytes_up: number;
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
  readonly dlp_action: DlpAction;
  readonly injection_findings: readonly Finding[];
  /** Size of the answer in bytes, as it came. */
  readonly bytes_down: number;
  readonly tokens: TokenCounts | null;
  readonly extra: Readonly<Record<string, unknown>>;
  /** W3C `traceparent` of the exchange when it is traced: for whoever stores the entry, in no row and under no hash. */
  readonly trace?: string;
}

/** What becomes of a decision of which nobody can tell how it ended; whoever knows more says it. */
export const ABANDONED_OUTCOME: Readonly<Omit<OutcomeEntry, 'type' | 'id' | 'ts'>> = {
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

/** An exchange that was over before anything was forwarded: both entries in one. */
export interface WholeEntry extends Omit<DecisionEntry, 'type'>, Omit<OutcomeEntry, 'type' | 'ts'> {
  readonly type: 'whole';
}

export type SpoolEntry = DecisionEntry | OutcomeEntry | WholeEntry;

/** Stands in a spool for a line that can no longer be read; the file that held it lies in the spool's `rejected` folder. */
export interface LostEntry {
  readonly type: 'lost';
  /** Id of the row that says so, UUIDv7. */
  readonly id: string;
  /** When the loss was found, RFC 3339 UTC with milliseconds. */
  readonly ts: string;
}

/** Largest spool entry as JSON in UTF-8; an exchange whose record is larger is refused. */
export const MAX_AUDIT_ENTRY_BYTES = 64 * 1024;

/** Version of the canonical form of a row; part of what is hashed. */
export const AUDIT_RECORD_VERSION = 1;

/**
 * An audit row as it is hashed and exported. Personal values stand in it only as `sha256:<hex>` of a salt of their own
 * followed by the value, so that value and salt can be erased and the chain still verifies.
 */
export interface AuditRecord
  extends
    Omit<DecisionEntry, 'type' | 'requester' | 'target'>,
    Omit<
      OutcomeEntry,
      'type' | 'id' | 'ts' | 'extra' | 'dlp_findings' | 'dlp_action' | 'injection_findings' | 'trace'
    > {
  readonly v: typeof AUDIT_RECORD_VERSION;
  readonly requester_id: string | null;
  readonly requester_channel: string | null;
  readonly target: string | null;
  readonly target_class: TargetClass | null;
  readonly target_key: string | null;
  /** Money in millionths, once prices are known. */
  readonly cost: { readonly currency: string; readonly micros: number } | null;
}

/** A record with its place in the chain: what is hashed. */
export interface SequencedRecord extends AuditRecord {
  readonly seq: number;
}

/** A personal value beside a row, outside its hash. */
export interface SaltedValue {
  readonly salt: string;
  readonly value: string;
}

/** The erasable part of a row; null once it was erased. */
export interface PersonalValues {
  readonly requester_id: SaltedValue | null;
  readonly target: SaltedValue | null;
}

/**
 * An audit event as read through the API (surface: bodies): the row, with `requester_id` and `target` in the form that
 * people may see. `target` of free text reads `<class>:<key>`. An export in NDJSON holds the row as it was hashed instead.
 */
export interface AuditEvent extends SequencedRecord {
  /** Hex SHA-256 of the row before this one; 64 zeros for the first. */
  readonly previous_hash: string;
  /** Hex SHA-256 of the canonical JSON of the exported row without its two hashes, followed by `previous_hash`. */
  readonly hash: string;
}
