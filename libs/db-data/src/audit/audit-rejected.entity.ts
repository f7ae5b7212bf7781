import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A spool entry that cannot become a row, kept as it came so that nothing is lost. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'audit_rejected', comment: 'owner: audit-writer' })
export class AuditRejectedEntity {
  @PrimaryColumn('uuid', { name: 'spool_id', primaryKeyConstraintName: 'audit_rejected_pkey' })
  spoolId!: string;
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_rejected_pkey' }) position!: string;
  @Column('text') reason!: string;
  @Column('text') entry!: string;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}
