import type { SeenRiskTier } from './codes';
import type { Target } from './audit';

/** Path of the one synchronous call between apps, on the ops port of escalation-worker. */
export const CLAIM_PATH = '/internal/claims';

/** Path by which a proxy asks how escalations stand, beside {@link CLAIM_PATH}. */
export const STANDING_PATH = '/internal/claims/standing';

/** How long a decision waits for the call it was made for, when its deadline has passed meanwhile. */
export const DECISION_KEPT_MS = 10 * 60_000;

/** Bytes of JSON that the arguments of a claim may have; a larger call cannot be given to a person. */
export const MAX_CLAIM_BYTES = 1024 * 1024;

/**
 * What a proxy asks when a decision says escalate: is this exact call approved? An approval holds for the same tenant,
 * agent, kind, server, tool, digest, registration, policy and version (semantics: escalations).
 */
export interface ClaimRequest {
  readonly decision_id: string;
  readonly tenant_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly kind: 'mcp' | 'llm';
  readonly server: string;
  /** Digest of the server's registration, so that an approval does not outlive a change of it; empty for models. */
  readonly server_digest: string;
  readonly tool: string;
  readonly action: string;
  readonly target: Target | null;
  /** `hmac-sha256:<hex>` of everything that goes upstream but progress token and trace context. */
  readonly arguments_digest: string;
  /** The call's arguments and whatever else of it goes upstream, for the person who decides; kept encrypted, never in a list. */
  readonly arguments: unknown;
  readonly beside: unknown;
  /** Package of the policy that asked, or the rule of this product. */
  readonly policy: string;
  readonly policy_id: string;
  readonly policy_version: number;
  /** A constant sentence. */
  readonly reason: string;
  readonly risk_tier: SeenRiskTier;
  /** How long the call may be held for a person, in ms; 0 asks without waiting. */
  readonly hold_ms: number;
}

/** `approved` is told once and only once for an approval; `limit`: too many are open already. */
export type ClaimAnswer =
  | { readonly state: 'approved'; readonly escalation_id: string }
  | { readonly state: 'pending'; readonly escalation_id: string; readonly expires_at: string }
  | { readonly state: 'denied'; readonly escalation_id: string }
  | { readonly state: 'expired'; readonly escalation_id: string }
  | { readonly state: 'limit' };

/** What a proxy asks before it claims several calls that belong together: asking uses nothing up. */
export interface StandingRequest {
  readonly tenant_id: string;
  readonly agent_id: string;
  /** At most 128. */
  readonly escalation_ids: readonly string[];
  /** How long to wait while a person must still decide and nobody has refused, in ms. */
  readonly hold_ms: number;
}

/**
 * `approved`: and not used up. `refused`: denied, run out or ended, and not told yet. `gone`: used up, told, unknown, or
 * too old: ten minutes after the last of them was decided all are.
 */
export type Standing = 'pending' | 'approved' | 'refused' | 'gone';

/** In the order of the ids. */
export interface StandingAnswer {
  readonly states: readonly Standing[];
}
