import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { Finding } from '@behavry/contracts';

/**
 * One link of a tenant's chain. `canonical` is the text that was hashed and what every reader is shown;
 * the other columns are derived from it, for filters. Partitioned by day of `ts`. Owner: audit-writer.
 */
@Entity({ schema: 'data', name: 'audit_events', comment: 'owner: audit-writer' })
@Unique('audit_events_id_uq', ['tenantId', 'id', 'ts'])
@Index('audit_events_agent_ix', ['tenantId', 'agentId', 'seq'])
@Index('audit_events_session_ix', ['tenantId', 'sessionId', 'seq'])
@Index('audit_events_ts_ix', ['ts'], { type: 'brin' })
@Check('audit_events_seq_ck', 'seq > 0')
@Check('audit_events_kind_ck', `kind IN ('mcp', 'llm', 'browser', 'admin')`)
@Check('audit_events_verdict_ck', `verdict IN ('allow', 'deny', 'escalate', 'restrict')`)
@Check('audit_events_outcome_ck', `outcome IN ('ok', 'upstream_error', 'refused', 'aborted', 'pending')`)
export class AuditEventEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'audit_events_pkey' })
  tenantId!: string;
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_events_pkey' }) seq!: string;
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'audit_events_pkey' }) ts!: Date;
  @Column('uuid') id!: string;
  @Column('text') kind!: string;
  @Column('text', { name: 'agent_id', nullable: true }) agentId!: string | null;
  @Column('text', { name: 'session_id', nullable: true }) sessionId!: string | null;
  @Column('text', { name: 'requester_id', nullable: true }) requesterId!: string | null;
  @Column('text', { name: 'workflow_id', nullable: true }) workflowId!: string | null;
  @Column('text') action!: string;
  @Column('text', { nullable: true }) tool!: string | null;
  @Column('text', { nullable: true }) server!: string | null;
  @Column('text', { nullable: true }) model!: string | null;
  @Column('text', { nullable: true }) target!: string | null;
  @Column('text') verdict!: string;
  @Column('text', { nullable: true }) policy!: string | null;
  @Column('text') reason!: string;
  @Column('text', { name: 'reason_code' }) reasonCode!: string;
  @Column('text', { name: 'bundle_revision', nullable: true }) bundleRevision!: string | null;
  @Column('text', { name: 'config_revision', nullable: true }) configRevision!: string | null;
  @Column('text', { nullable: true }) engine!: string | null;
  @Column('double precision', { name: 'risk_score' }) riskScore!: number;
  @Column('jsonb', { name: 'dlp_findings' }) dlpFindings!: readonly Finding[];
  @Column('text', { name: 'dlp_action' }) dlpAction!: string;
  @Column('jsonb', { name: 'injection_findings' }) injectionFindings!: readonly Finding[];
  @Column('text', { name: 'input_hash', nullable: true }) inputHash!: string | null;
  @Column('text') outcome!: string;
  @Column('integer', { name: 'response_code', nullable: true }) responseCode!: number | null;
  @Column('double precision', { name: 'latency_ms' }) latencyMs!: number;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('jsonb') extra!: Readonly<Record<string, unknown>>;
  @Column('text') canonical!: string;
  @Column('text', { name: 'previous_hash' }) previousHash!: string;
  @Column('text') hash!: string;
}
