import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** What is known of an agent's behaviour, and the score that follows from it. Owner: behavior-monitor. */
@Entity({ schema: 'data', name: 'agent_risk', comment: 'owner: behavior-monitor' })
@Index('agent_risk_score_ix', ['tenantId', 'score'])
@Check('agent_risk_score_ck', 'score >= 0 AND score <= 100')
@Check('agent_risk_tier_ck', `tier IN ('low', 'medium', 'high', 'critical')`)
export class AgentRiskEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'agent_risk_pkey' })
  tenantId!: string;
  @PrimaryColumn('text', { name: 'agent_id', primaryKeyConstraintName: 'agent_risk_pkey' }) agentId!: string;
  @Column('double precision') score!: number;
  @Column('text') tier!: string;
  @Column('jsonb') parts!: unknown;
  @Column('jsonb') activity!: unknown;
  @Column('timestamptz', { name: 'first_seen_at' }) firstSeenAt!: Date;
  @Column('timestamptz', { name: 'last_seen_at' }) lastSeenAt!: Date;
  @Column('timestamptz', { name: 'scored_at' }) scoredAt!: Date;
}
