import type { ClaimRequest, SeenRiskTier } from '@behavry/contracts';

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
  /** Digest of the server's registration at that time; empty for models. */
  readonly serverDigest: string;
  /** A path, address or name as it may be shown; `class:key` of what may not. */
  readonly target: string | null;
  readonly argumentsDigest: string;
  readonly policy: string;
  readonly policyId: string;
  readonly policyVersion: number;
  readonly reason: string;
  readonly riskTier: SeenRiskTier;
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
  /** The target as anybody may see it. */
  readonly target: string | null;
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
  readonly server_digest: string;
  readonly target: string | null;
  readonly arguments_digest: string;
  readonly policy: string;
  readonly policy_id: string;
  readonly policy_version: number;
  readonly reason: string;
  readonly risk_tier: SeenRiskTier;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly decided_at: Date | null;
  readonly decided_by: string | null;
  readonly comment: string | null;
  readonly claimed_at: Date | null;
}

/** Everything of a row but the sealed arguments, which are read by id alone: a row may carry a megabyte of them. */
export const ESCALATION_COLUMNS = [
  'id',
  'status',
  'kind',
  'decision_id',
  'agent_id',
  'session_id',
  'server',
  'server_digest',
  'tool',
  'action',
  'target',
  'arguments_digest',
  'policy',
  'policy_id',
  'policy_version',
  'reason',
  'risk_tier',
  'created_at',
  'expires_at',
  'decided_at',
  'decided_by',
  'comment',
  'claimed_at',
].join(', ');

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
    serverDigest: row.server_digest,
    target: row.target,
    argumentsDigest: row.arguments_digest,
    policy: row.policy,
    policyId: row.policy_id,
    policyVersion: row.policy_version,
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
