import type { RiskTier } from './codes';

/** Path of the one synchronous call between apps, on the ops port of escalation-worker. */
export const CLAIM_PATH = '/internal/claims';

/** What a proxy asks when a decision says escalate: is this exact call approved? */
export interface ClaimRequest {
  readonly decision_id: string;
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly kind: 'mcp' | 'llm';
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly target: string;
  /** `sha256:<hex>` of the canonical JSON of the normalised arguments. */
  readonly arguments_digest: string;
  /** What the person who decides will see; kept encrypted. */
  readonly arguments: unknown;
  readonly policy: string;
  readonly reason: string;
  readonly risk_tier: RiskTier;
  /** How long the call may be held for a person, in ms; 0 asks without waiting. */
  readonly hold_ms: number;
}

/** `approved` is told once and only once for an approval. */
export type ClaimAnswer =
  | { readonly state: 'approved'; readonly escalation_id: string }
  | { readonly state: 'pending'; readonly escalation_id: string; readonly expires_at: string }
  | { readonly state: 'denied'; readonly escalation_id: string }
  | { readonly state: 'expired'; readonly escalation_id: string };
