import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A spool entry that cannot become a row, kept as it came; a row of the chain holds its digest. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'audit_rejected', comment: 'owner: audit-writer' })
export class AuditRejectedEntity {
  @PrimaryColumn('uuid', { name: 'spool_id', primaryKeyConstraintName: 'audit_rejected_pkey' })
  spoolId!: string;
  @PrimaryColumn('bigint', { primaryKeyConstraintName: 'audit_rejected_pkey' }) position!: string;
  @Column('text') reason!: string;
  @Column('text', { nullable: true }) entry!: string | null;
  @Column('timestamptz', { name: 'received_at' }) receivedAt!: Date;
}
