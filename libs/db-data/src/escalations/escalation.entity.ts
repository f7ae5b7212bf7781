import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One call that waits, or waited, for a person. Owner: escalation-worker. */
@Entity({ schema: 'data', name: 'escalations', comment: 'owner: escalation-worker' })
@Index('escalations_waiting_uq', ['tenantId', 'claimKey'], { unique: true, where: `status = 'pending'` })
@Index('escalations_claim_ix', ['tenantId', 'claimKey', 'createdAt'])
@Index('escalations_status_ix', ['tenantId', 'status', 'expiresAt'])
@Index('escalations_created_ix', ['tenantId', 'createdAt'])
@Index('escalations_sealed_ix', ['tenantId', 'decidedAt'], { where: `sealed_arguments IS NOT NULL` })
@Index('escalations_open_ix', ['tenantId', 'agentId'], { where: `status = 'pending'` })
@Check('escalations_status_ck', `status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')`)
@Check('escalations_kind_ck', `kind IN ('mcp', 'llm')`)
@Check('escalations_risk_tier_ck', `risk_tier IN ('low', 'medium', 'high', 'critical', 'unknown')`)
export class EscalationEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'escalations_pkey' })
  tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'escalations_pkey' }) id!: string;
  /** Hex SHA-256 of everything that makes the call this exact one. */
  @Column('text', { name: 'claim_key' }) claimKey!: string;
  @Column('text') status!: string;
  @Column('text') kind!: string;
  @Column('uuid', { name: 'decision_id' }) decisionId!: string;
  @Column('text', { name: 'agent_id' }) agentId!: string;
  @Column('text', { name: 'session_id' }) sessionId!: string;
  @Column('text') server!: string;
  /** Digest of the server's registration, so that an approval does not outlive a change of it. */
  @Column('text', { name: 'server_digest' }) serverDigest!: string;
  @Column('text') tool!: string;
  @Column('text') action!: string;
  @Column('text', { nullable: true }) target!: string | null;
  @Column('text', { name: 'arguments_digest' }) argumentsDigest!: string;
  /** Sealed with the plane key; null once nobody needs them any more. */
  @Column('text', { name: 'sealed_arguments', nullable: true }) sealedArguments!: string | null;
  @Column('text') policy!: string;
  @Column('text', { name: 'policy_id' }) policyId!: string;
  @Column('integer', { name: 'policy_version' }) policyVersion!: number;
  @Column('text') reason!: string;
  @Column('text', { name: 'risk_tier' }) riskTier!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'decided_at', nullable: true }) decidedAt!: Date | null;
  @Column('text', { name: 'decided_by', nullable: true }) decidedBy!: string | null;
  @Column('text', { nullable: true }) comment!: string | null;
  /** When the decision reached a call: an approval is used up by it, a refusal has been told. */
  @Column('timestamptz', { name: 'claimed_at', nullable: true }) claimedAt!: Date | null;
  @Column('uuid', { name: 'claimed_decision_id', nullable: true }) claimedDecisionId!: string | null;
}
