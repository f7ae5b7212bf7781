import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** A decision whose outcome has not come yet: the entry as it was spooled. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'audit_pending', comment: 'owner: audit-writer' })
@Index('audit_pending_received_ix', ['tenantId', 'receivedAt'])
export class AuditPendingEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'audit_pending_pkey' })
  tenantId!: string;
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'audit_pending_pkey' }) id!: string;
  @Column('text') entry!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}
