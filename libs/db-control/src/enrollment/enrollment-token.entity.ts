import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** A single-use permission to create one agent. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'enrollment_tokens', comment: 'owner: identity-jwks' })
@Unique('enrollment_tokens_token_sha256_uq', ['tokenSha256'])
@Index('enrollment_tokens_tenant_id_idx', ['tenantId'])
@Check('enrollment_tokens_token_sha256_ck', 'octet_length(token_sha256) = 32')
export class EnrollmentTokenEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'enrollment_tokens_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'enrollment_tokens_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('bytea', { name: 'token_sha256' }) tokenSha256!: Buffer;
  @Column('text') label!: string;
  @Column('text', { array: true }) roles!: string[];
  @Column('text', { array: true }) permissions!: string[];
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'used_at', nullable: true }) usedAt!: Date | null;
  @Column('uuid', { name: 'agent_id', nullable: true }) agentId!: string | null;
}
