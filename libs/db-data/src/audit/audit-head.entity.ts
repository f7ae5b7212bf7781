import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/**
 * The end of a tenant's chain. Locked by whoever appends, so `seq` is contiguous, and compared by the
 * verification, so a cut tail shows. Owner: audit-writer.
 */
@Entity({ schema: 'data', name: 'audit_head', comment: 'owner: audit-writer' })
@Check('audit_head_seq_ck', 'seq >= 0')
export class AuditHeadEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'audit_head_pkey' })
  tenantId!: string;
  @Column('bigint') seq!: string;
  @Column('text') hash!: string;
}
