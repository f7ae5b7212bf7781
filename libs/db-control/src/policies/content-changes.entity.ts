import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** Counters that triggers move with every change of a tenant's content. Owner: policy-service. */
@Entity({ schema: 'control', name: 'content_changes', comment: 'owner: policy-service' })
export class ContentChangesEntity {
  @ForeignKey(() => TenantEntity, { name: 'content_changes_tenant_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'content_changes_pkey' })
  tenantId!: string;
  @Column('integer', { name: 'policy_counter' }) policyCounter!: number;
  @Column('integer', { name: 'config_counter' }) configCounter!: number;
}
