import type { LicenseState, PublicJwk } from '@behavry/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What the uplink must remember over a restart: one row for the plane's tenant. Owner: license-service. */
@Entity({ schema: 'data', name: 'uplink_memory', comment: 'owner: license-service' })
export class UplinkMemoryEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'uplink_memory_pkey' })
  tenantId!: string;
  @Column('jsonb', { nullable: true }) license!: LicenseState | null;
  /** Pinned at first contact: what signs bundles and config documents. */
  @Column('jsonb', { name: 'bundle_keys', nullable: true }) bundleKeys!: readonly PublicJwk[] | null;
  @Column('timestamptz', { name: 'bundle_keys_pinned_at', nullable: true }) bundleKeysPinnedAt!: Date | null;
  @Column('integer', { name: 'config_generation', nullable: true }) configGeneration!: number | null;
  @Column('text', { name: 'config_revision', nullable: true }) configRevision!: string | null;
  @Column('timestamptz', { name: 'config_received_at', nullable: true }) configReceivedAt!: Date | null;
  @Column('timestamptz', { name: 'token_accepted_at', nullable: true }) tokenAcceptedAt!: Date | null;
  /** `unused`, `accepted` or `refused`. */
  @Column('text', { name: 'token_state' }) tokenState!: string;
}
