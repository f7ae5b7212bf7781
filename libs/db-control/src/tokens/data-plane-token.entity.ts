import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** The credential of one data plane, and what its last heartbeat said. Owner: license-service. */
@Entity({ schema: 'control', name: 'data_plane_tokens', comment: 'owner: license-service' })
@Unique('data_plane_tokens_token_sha256_uq', ['tokenSha256'])
@Index('data_plane_tokens_tenant_id_created_at_idx', ['tenantId', 'createdAt'])
@Check('data_plane_tokens_token_sha256_ck', 'octet_length(token_sha256) = 32')
export class DataPlaneTokenEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'data_plane_tokens_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'data_plane_tokens_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('bytea', { name: 'token_sha256' }) tokenSha256!: Buffer;
  /** First eight characters, for people to recognise it by. */
  @Column('text') prefix!: string;
  @Column('text') label!: string;
  @Column('text', { nullable: true }) region!: string | null;
  /** Null until the first heartbeat binds it. */
  @Column('text', { name: 'deployment_id', nullable: true }) deploymentId!: string | null;
  @Column('uuid', { name: 'created_by', nullable: true }) createdBy!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'expires_at', nullable: true }) expiresAt!: Date | null;
  @Column('timestamptz', { name: 'revoked_at', nullable: true }) revokedAt!: Date | null;
  @Column('timestamptz', { name: 'last_seen_at', nullable: true }) lastSeenAt!: Date | null;
  @Column('timestamptz', { name: 'last_heartbeat_at', nullable: true }) lastHeartbeatAt!: Date | null;
  @Column('integer', { name: 'active_agent_count', nullable: true }) activeAgentCount!: number | null;
  @Column('double precision', { name: 'proxy_rpm_1m', nullable: true }) proxyRpm1m!: number | null;
  @Column('integer', { name: 'escalations_pending', nullable: true }) escalationsPending!: number | null;
  @Column('text', { name: 'opa_bundle_version', nullable: true }) opaBundleVersion!: string | null;
  @Column('double precision', { name: 'uptime_seconds', nullable: true }) uptimeSeconds!: number | null;
  @Column('text', { nullable: true }) version!: string | null;
  @Column('text', { name: 'config_revision', nullable: true }) configRevision!: string | null;
  @Column('text', { name: 'license_state', nullable: true }) licenseState!: string | null;
  @Column('text', { name: 'public_url', nullable: true }) publicUrl!: string | null;
}
