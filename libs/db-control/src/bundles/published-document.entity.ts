import { Check, Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** One revision of one of a tenant's two documents: the very bytes that are served. Owner: bundle-server. */
@Entity({ schema: 'control', name: 'published_documents', comment: 'owner: bundle-server' })
@Check('published_documents_part_ck', `part IN ('policy', 'config')`)
export class PublishedDocumentEntity {
  @ForeignKey(() => TenantEntity, { name: 'published_documents_tenant_id_fkey', onDelete: 'CASCADE' })
  @PrimaryColumn('uuid', { name: 'tenant_id', primaryKeyConstraintName: 'published_documents_pkey' })
  tenantId!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'published_documents_pkey' }) part!: string;
  @PrimaryColumn('text', { primaryKeyConstraintName: 'published_documents_pkey' }) revision!: string;
  /** Counts up by one per revision. */
  @Column('integer') generation!: number;
  /** Hex SHA-256 of the content without revision and generation. */
  @Column('text') digest!: string;
  /** Value of the tenant's content counter that the document is at least as new as. */
  @Column('integer', { name: 'content_counter' }) contentCounter!: number;
  /** Policies of the tenant in it; 0 for the config document. */
  @Column('integer', { name: 'policy_count' }) policyCount!: number;
  /** The unsigned archive, or the signed config document. */
  @Column('bytea') body!: Buffer;
  /** The archive with a signature in it; null for the config document. */
  @Column('bytea', { name: 'signed_body', nullable: true }) signedBody!: Buffer | null;
  /** Name of the key that signed. */
  @Column('text', { name: 'signed_by' }) signedBy!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
