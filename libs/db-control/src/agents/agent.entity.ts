import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** An AI agent that may ask for tokens. Only the hash of its secret is kept. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'agents', comment: 'owner: identity-jwks' })
@Unique('agents_client_id_uq', ['clientId'])
@Index('agents_tenant_id_created_at_idx', ['tenantId', 'createdAt'])
@Check('agents_status_ck', `status IN ('active', 'suspended', 'deprovisioned')`)
@Check('agents_secret_sha256_ck', 'octet_length(secret_sha256) = 32')
export class AgentEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'agents_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'agents_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('text') name!: string;
  @Column('text', { name: 'agent_type' }) agentType!: string;
  @Column('text', { nullable: true }) owner!: string | null;
  @Column('text') status!: string;
  @Column('text', { name: 'client_id' }) clientId!: string;
  @Column('bytea', { name: 'secret_sha256' }) secretSha256!: Buffer;
  @Column('text', { array: true }) roles!: string[];
  @Column('text', { array: true }) permissions!: string[];
  /** Moved by a trigger when secret, roles or permissions change, or the agent stops being active. */
  @Column('timestamptz', { name: 'tokens_not_before', nullable: true }) tokensNotBefore!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
