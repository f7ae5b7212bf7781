import { Check, Column, Entity, ForeignKey, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** The token a standalone system polls its own bundle-server with; never listed. Owner: license-service. */
@Entity({ schema: 'control', name: 'internal_tokens', comment: 'owner: license-service' })
@Unique('internal_tokens_token_sha256_uq', ['tokenSha256'])
@Check('internal_tokens_token_sha256_ck', 'octet_length(token_sha256) = 32')
export class InternalTokenEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'internal_tokens_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'internal_tokens_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('bytea', { name: 'token_sha256' }) tokenSha256!: Buffer;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
