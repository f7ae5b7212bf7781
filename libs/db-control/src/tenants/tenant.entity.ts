import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A customer organisation: its plan, its licence and whether it is served. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'tenants', comment: 'owner: identity-jwks' })
@Unique('tenants_slug_uq', ['slug'])
@Unique('tenants_license_key_uq', ['licenseKey'])
@Check('tenants_status_ck', `status IN ('active', 'suspended')`)
@Check('tenants_plan_tier_ck', `plan_tier IN ('trial', 'professional', 'enterprise')`)
export class TenantEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'tenants_pkey' }) id!: string;
  @Column('text') slug!: string;
  @Column('text') name!: string;
  @Column('text', { name: 'plan_tier' }) planTier!: string;
  @Column('text') status!: string;
  @Column('text', { name: 'license_key' }) licenseKey!: string;
  @Column('timestamptz', { name: 'license_expires_at', nullable: true }) licenseExpiresAt!: Date | null;
  @Column('integer', { name: 'max_agents' }) maxAgents!: number;
  @Column('text', { array: true }) features!: string[];
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
