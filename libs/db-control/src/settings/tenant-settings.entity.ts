import type {
  BlastRadiusSettings,
  EscalationSettings,
  ModelSettings,
  RateLimitSettings,
} from '@behavry/contracts';
import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** What a tenant set for itself; null, and a member that is absent, means the default. Owner: policy-service. */
@Entity({ schema: 'control', name: 'tenant_settings', comment: 'owner: policy-service' })
export class TenantSettingsEntity {
  @ForeignKey(() => TenantEntity, { name: 'tenant_settings_tenant_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'tenant_settings_pkey' })
  tenantId!: string;
  @Column('jsonb', { name: 'blast_radius', nullable: true })
  blastRadius!: Partial<BlastRadiusSettings> | null;
  @Column('jsonb', { name: 'rate_limits', nullable: true }) rateLimits!: Partial<RateLimitSettings> | null;
  @Column('jsonb', { nullable: true }) escalation!: EscalationSettings | null;
  @Column('jsonb', { name: 'model_settings', nullable: true }) modelSettings!: Partial<ModelSettings> | null;
  @Column('integer') version!: number;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
