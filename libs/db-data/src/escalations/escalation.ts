import type { ClaimRequest, RiskTier } from '@behavry/contracts';

/** `cancelled`: a kill switch ended it before anybody decided. */
export type EscalationStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'cancelled';

/** One call that waits, or waited, for a person. */
export interface Escalation {
  readonly id: string;
  readonly status: EscalationStatus;
  readonly kind: 'mcp' | 'llm';
  readonly decisionId: string;
  readonly agentId: string;
  readonly sessionId: string;
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly target: string;
  readonly argumentsDigest: string;
  /** Sealed with the plane key; null once nobody needs them any more. */
  readonly sealedArguments: string | null;
  readonly policy: string;
  readonly reason: string;
  readonly riskTier: RiskTier;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly comment: string | null;
  /** When the decision reached a call. */
  readonly claimedAt: Date | null;
}

/** What is needed to open an escalation. */
export interface NewEscalation {
  readonly id: string;
  readonly claimKey: string;
  readonly request: ClaimRequest;
  readonly sealedArguments: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

export interface EscalationRow {
  readonly id: string;
  readonly status: EscalationStatus;
  readonly kind: 'mcp' | 'llm';
  readonly decision_id: string;
  readonly agent_id: string;
  readonly session_id: string;
  readonly server: string;
  readonly tool: string;
  readonly action: string;
  readonly target: string;
  readonly arguments_digest: string;
  readonly sealed_arguments: string | null;
  readonly policy: string;
  readonly reason: string;
  readonly risk_tier: RiskTier;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
  readonly claimed_at: Date | null;
}

/** @returns the plain form of a stored row */
export function toEscalation(row: EscalationRow): Escalation {
  return {
    id: row.id,
    status: row.status,
    kind: row.kind,
    decisionId: row.decision_id,
    agentId: row.agent_id,
    sessionId: row.session_id,
    server: row.server,
    tool: row.tool,
    action: row.action,
    target: row.target,
    argumentsDigest: row.arguments_digest,
    sealedArguments: row.sealed_arguments,
    policy: row.policy,
    reason: row.reason,
    riskTier: row.risk_tier,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
    comment: row.comment,
    claimedAt: row.claimed_at,
  };
}
