import type { Escalation } from '@behavry/db-data';
import type { HeldPayload } from '../claims/sealed-arguments';
import type { EscalationView } from './escalation.dto';

/** @param payload what would go upstream; undefined when it is not to be seen here */
export function escalationView(escalation: Escalation, payload?: HeldPayload): EscalationView {
  return {
    id: escalation.id,
    status: escalation.status,
    kind: escalation.kind,
    decision_id: escalation.decisionId,
    agent_id: escalation.agentId,
    session_id: escalation.sessionId,
    server: escalation.server,
    server_digest: escalation.serverDigest,
    tool: escalation.tool,
    action: escalation.action,
    target: escalation.target,
    arguments_digest: escalation.argumentsDigest,
    ...(payload ?? {}),
    policy: escalation.policy,
    policy_id: escalation.policyId,
    policy_version: escalation.policyVersion,
    reason: escalation.reason,
    risk_tier: escalation.riskTier,
    created_at: escalation.createdAt.toISOString(),
    expires_at: escalation.expiresAt.toISOString(),
    decided_at: escalation.decidedAt?.toISOString() ?? null,
    decided_by: escalation.decidedBy,
    comment: escalation.comment,
    claimed_at: escalation.claimedAt?.toISOString() ?? null,
  };
}
