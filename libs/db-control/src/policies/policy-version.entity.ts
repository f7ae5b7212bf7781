import type { Concerns } from '@behavry/domain';
import { Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';
import { PolicyEntity } from './policy.entity';

/** One saved state of a policy; added, never altered. Owner: policy-service. */
@Entity({ schema: 'control', name: 'policy_versions', comment: 'owner: policy-service' })
@Index('policy_versions_tenant_id_idx', ['tenantId'])
export class PolicyVersionEntity {
  @ForeignKey(() => PolicyEntity, { name: 'policy_versions_policy_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'policy_id', primaryKeyConstraintName: 'policy_versions_pkey' })
  policyId!: string;
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'policy_versions_pkey' }) version!: number;
  @ForeignKey(() => TenantEntity, { name: 'policy_versions_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('text') name!: string;
  @Column('text') description!: string;
  @Column('text') category!: string;
  @Column('text') package!: string;
  @Column('text') content!: string;
  @Column('text', { nullable: true }) tests!: string | null;
  /** Which calls it concerns, read from OPA's parse when it was saved. */
  @Column('jsonb') concerns!: Concerns;
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy!: string | null;
  @Column('text', { name: 'created_by_name' }) createdByName!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
