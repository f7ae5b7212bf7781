import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** A kill switch that is thrown now; releasing it removes the row. Owner: policy-service. */
@Entity({ schema: 'control', name: 'kill_switches', comment: 'owner: policy-service' })
@Unique('kill_switches_tenant_id_scope_target_uq', ['tenantId', 'scope', 'target'])
@Check('kill_switches_scope_ck', `scope IN ('tenant', 'agent', 'mcp_server', 'tool', 'model')`)
export class KillSwitchEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'kill_switches_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'kill_switches_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('text') scope!: string;
  @Column('text') target!: string;
  @Column('text') reason!: string;
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy!: string | null;
  @Column('text', { name: 'created_by_name' }) createdByName!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
