import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** A policy of a tenant: what its newest version is called, and which version is in force. Owner: policy-service. */
@Entity({ schema: 'control', name: 'policies', comment: 'owner: policy-service' })
@Unique('policies_tenant_id_active_package_uq', ['tenantId', 'activePackage'])
@Unique('policies_tenant_id_idempotency_key_uq', ['tenantId', 'idempotencyKey'])
@Index('policies_tenant_id_created_at_idx', ['tenantId', 'createdAt'])
@Check('policies_status_ck', `status IN ('draft', 'active', 'archived')`)
@Check(
  'policies_active_ck',
  `(status = 'active') = (active_version IS NOT NULL) AND (active_version IS NULL) = (active_package IS NULL)`,
)
export class PolicyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'policies_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'policies_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('text') name!: string;
  @Column('text') description!: string;
  @Column('text') category!: string;
  @Column('text') package!: string;
  @Column('text') status!: string;
  @Column('integer') version!: number;
  @Column('integer', { name: 'active_version', nullable: true }) activeVersion!: number | null;
  /** Package of the version in force; unique, so that two active policies never share one. */
  @Column('text', { name: 'active_package', nullable: true }) activePackage!: string | null;
  @Column('text', { name: 'idempotency_key', nullable: true }) idempotencyKey!: string | null;
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
