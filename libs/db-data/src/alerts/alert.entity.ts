import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** Something a person should look at. At most one of a kind is unresolved per agent. Owner: behavior-monitor. */
@Entity({ schema: 'data', name: 'alerts', comment: 'owner: behavior-monitor' })
@Index('alerts_unresolved_uq', ['tenantId', 'kind', 'agentId'], {
  unique: true,
  where: `status <> 'resolved'`,
})
@Index('alerts_opened_ix', ['tenantId', 'openedAt'])
@Check('alerts_status_ck', `status IN ('open', 'acknowledged', 'resolved')`)
@Check('alerts_severity_ck', `severity IN ('low', 'medium', 'high', 'critical')`)
export class AlertEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'alerts_pkey' }) tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'alerts_pkey' }) id!: string;
  @Column('text') kind!: string;
  @Column('text') severity!: string;
  @Column('text') status!: string;
  @Column('text', { name: 'agent_id' }) agentId!: string;
  @Column('text') summary!: string;
  @Column('jsonb') evidence!: unknown;
  @Column('timestamptz', { name: 'opened_at' }) openedAt!: Date;
  @Column('timestamptz', { name: 'last_seen_at' }) lastSeenAt!: Date;
  @Column('timestamptz', { name: 'acknowledged_at', nullable: true }) acknowledgedAt!: Date | null;
  @Column('text', { name: 'acknowledged_by', nullable: true }) acknowledgedBy!: string | null;
  @Column('timestamptz', { name: 'resolved_at', nullable: true }) resolvedAt!: Date | null;
  @Column('text', { name: 'resolved_by', nullable: true }) resolvedBy!: string | null;
}
