import type { ObligationName, SeenRiskTier, Severity, Verdict } from './codes';

/** What a scanner says about one match. The matched value never leaves the scanner. */
export interface Finding {
  readonly pattern: string;
  readonly severity: Severity;
  /** JSON pointer of the string in which it was found; `` for a plain text. */
  readonly field: string;
  /** Half-open range in UTF-16 code units of that string. */
  readonly span: readonly [number, number];
}

/** The input document of every policy decision (semantics: decisions and policy). */
export interface DecisionInput {
  readonly agent: {
    readonly id: string;
    readonly roles: readonly string[];
    readonly permissions: readonly string[];
    readonly risk_tier: SeenRiskTier;
    readonly risk_score: number;
  };
  readonly request: {
    readonly kind: 'mcp' | 'llm' | 'browser';
    /** `inbound`: asked once more, because something was found in what came back. */
    readonly phase: 'outbound' | 'inbound';
    readonly tool_name: string;
    readonly action: string;
    readonly action_class: string;
    readonly resource: string;
    /** Of a model request everything but the texts; bounded, see `truncated`. */
    readonly parameters: unknown;
    readonly mcp_server: string;
    /** Model provider; empty for tools. */
    readonly provider: string;
    readonly model: string;
    /** Whose key pays at the provider: the plane's, or one that the request brought. */
    readonly key_source: 'none' | 'plane' | 'request';
    readonly resource_count: number;
    /** JSON pointers of what was left out of `parameters` because the call is larger than an engine should read. */
    readonly truncated: readonly string[];
    /** JSON pointers of what no scanner could read (binary content). */
    readonly unscanned: readonly string[];
  };
  readonly session: { readonly id: string };
  readonly requester: { readonly id: string; readonly channel: string; readonly verified: boolean };
  readonly workflow_session: unknown;
  readonly delegation: unknown;
  readonly dlp: { readonly findings: readonly Finding[] };
  readonly injection: { readonly findings: readonly Finding[] };
  readonly context: Readonly<Record<string, unknown>>;
}

/** One narrower mode; `value` only where the name needs a figure (`max_result_bytes`: bytes). */
export interface Obligation {
  readonly name: ObligationName;
  readonly value?: number;
}

/** A policy that took part in a decision. Id and version come from the table of the bundle, never from an author's text. */
export interface Contribution {
  /** Package, for example `behavry.base.blast_radius`. */
  readonly policy: string;
  /** Id of the policy; the package again for one that is shipped. */
  readonly policy_id: string;
  /** Version of a tenant's policy, 0 for one that is shipped. */
  readonly version: number;
  readonly verdict: Verdict;
}

/** What `POST /v1/data/behavry/authz/decision` answers under `result`. */
export interface PolicyDecision {
  readonly result: Verdict;
  /** For the agent. An author may build it from the call, so it enters the record only when `is_reason_constant`. */
  readonly reason: string;
  readonly is_reason_constant: boolean;
  /** Package of the policy that decided; empty when none did. */
  readonly policy: string;
  readonly policy_id: string;
  readonly version: number;
  readonly obligations: readonly Obligation[];
  /** Every policy that said something, strongest verdict first; at most 32. */
  readonly contributions: readonly Contribution[];
  /**
   * Whether input was truncated and the verdict holds all the same: the deciding policy, and every other one that was
   * looked at and could have said more than allow, declares in its metadata `truncated: true`.
   */
  readonly judges_truncated: boolean;
  /** Revision of the bundle that OPA really ran. */
  readonly revision: string;
  /** Generation of that bundle: counts up by one per revision; 0 where modules were read from disk. */
  readonly generation: number;
}
