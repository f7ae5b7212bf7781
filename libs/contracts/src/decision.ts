import type { ObligationName, RiskTier, Severity, Verdict } from './codes';

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
    readonly risk_tier: RiskTier;
    readonly risk_score: number;
  };
  readonly request: {
    readonly kind: 'mcp' | 'llm';
    readonly tool_name: string;
    readonly action: string;
    readonly action_class: string;
    readonly resource: string;
    readonly parameters: unknown;
    readonly mcp_server: string;
    readonly model: string;
    readonly resource_count: number;
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

/** What `POST /v1/data/behavry/authz/decision` answers under `result`. */
export interface PolicyDecision {
  readonly result: Verdict;
  readonly reason: string;
  readonly policy: string;
  readonly obligations: readonly Obligation[];
  /** Revision of the bundle that OPA really ran. */
  readonly revision: string;
}
