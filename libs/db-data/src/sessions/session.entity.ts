import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** An agent's session (its token's id), as its audit rows tell of it. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'sessions', comment: 'owner: audit-writer' })
@Index('sessions_last_seen_ix', ['tenantId', 'lastSeenAt'])
@Index('sessions_agent_ix', ['tenantId', 'agentId', 'lastSeenAt'])
export class SessionEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'sessions_pkey' }) tenantId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'sessions_pkey' }) id!: string;
  @Column('text', { name: 'agent_id', nullable: true }) agentId!: string | null;
  @Column('timestamptz', { name: 'first_seen_at' }) firstSeenAt!: Date;
  @Column('timestamptz', { name: 'last_seen_at' }) lastSeenAt!: Date;
  @Column('bigint') calls!: string;
  @Column('bigint') denials!: string;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
  @Column('text', { name: 'ended_by', nullable: true }) endedBy!: string | null;
}
