import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** What the last verification of a tenant's chain came to; outlives restarts. Owner: audit-writer. */
@Entity({ schema: 'data', name: 'audit_verification', comment: 'owner: audit-writer' })
@Check('audit_verification_seq_ck', 'verified_seq >= 0')
export class AuditVerificationEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'audit_verification_pkey' })
  tenantId!: string;
  @Column('boolean', { name: 'is_ok' }) isOk!: boolean;
  /** Up to where the chain was found whole, and the hash of that row. */
  @Column('bigint', { name: 'verified_seq' }) verifiedSeq!: string;
  @Column('text', { name: 'verified_hash' }) verifiedHash!: string;
  @Column('timestamptz', { name: 'verified_at' }) verifiedAt!: Date;
  /** When the whole chain was read for the last time, not only what was new. */
  @Column('timestamptz', { name: 'whole_at', nullable: true }) wholeAt!: Date | null;
  @Column('double precision') seconds!: number;
  /** Where it is broken, and how; null while it is whole. */
  @Column('bigint', { name: 'bad_seq', nullable: true }) badSeq!: string | null;
  @Column('text', { name: 'bad_kind', nullable: true }) badKind!: string | null;
}
