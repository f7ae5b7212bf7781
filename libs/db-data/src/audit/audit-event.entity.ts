import { Check, Column, Entity, Index, PrimaryColumn, Unique } from 'typeorm';
import type { PersonalValues } from '@behavry/contracts';

/**
 * One link of a tenant's chain. `canonical` is the text that was hashed; `personal` stands outside the hash and can be
 * emptied; the columns before them are derived, for filters. Partitioned by day of `ts`. Owner: audit-writer.
 */
@Entity({ schema: 'data', name: 'audit_events', comment: 'owner: audit-writer' })
@Unique('audit_events_id_uq', ['tenantId', 'id', 'ts'])
@Index('audit_events_agent_ix', ['tenantId', 'agentId', 'seq'])
@Index('audit_events_ts_ix', ['ts'], { type: 'brin' })
@Index('audit_events_llm_ix', ['tenantId', 'ts'], { where: `kind = 'llm'` })
@Check('audit_events_seq_ck', 'seq > 0')
export class AuditEventEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'audit_events_pkey' })
  tenantId!: string;
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_events_pkey' }) seq!: string;
  @PrimaryColumn('timestamptz', { primaryKeyConstraintName: 'audit_events_pkey' }) ts!: Date;
  @Column('uuid') id!: string;
  @Column('text') kind!: string;
  @Column('text', { name: 'agent_id', nullable: true }) agentId!: string | null;
  @Column('text', { name: 'session_id', nullable: true }) sessionId!: string | null;
  @Column('text', { nullable: true }) tool!: string | null;
  @Column('text', { nullable: true }) server!: string | null;
  @Column('text') verdict!: string;
  @Column('text') canonical!: string;
  @Column('jsonb', { nullable: true }) personal!: PersonalValues | null;
  @Column('text', { name: 'previous_hash' }) previousHash!: string;
  @Column('text') hash!: string;
}
