import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A person who signs in on this data plane alone. Owner: identity-jwks. */
@Entity({ schema: 'data', name: 'people', comment: 'owner: identity-jwks' })
@Unique('people_username_uq', ['username'])
@Unique('people_link_sha256_uq', ['linkSha256'])
@Check('people_status_ck', `status IN ('active', 'disabled')`)
@Check('people_link_sha256_ck', 'octet_length(link_sha256) = 32')
export class LocalPersonEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'people_pkey' }) id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') username!: string;
  @Column('text', { nullable: true }) email!: string | null;
  /** argon2id in PHC form, made by the app; null until an invitation is accepted. */
  @Column('text', { name: 'password_hash', nullable: true }) passwordHash!: string | null;
  @Column('text', { array: true }) roles!: string[];
  @Column('text') status!: string;
  /** Moved by a trigger with password and status, and by signing out. */
  @Column('timestamptz', { name: 'tokens_not_before', nullable: true }) tokensNotBefore!: Date | null;
  /** The one session that the last end of tokens did not end; the next one does. */
  @Column('uuid', { name: 'kept_session_id', nullable: true }) keptSessionId!: string | null;
  /** Of the one link that lets somebody set the password. */
  @Column('bytea', { name: 'link_sha256', nullable: true }) linkSha256!: Buffer | null;
  @Column('timestamptz', { name: 'link_expires_at', nullable: true }) linkExpiresAt!: Date | null;
  @Column('timestamptz', { name: 'last_sign_in_at', nullable: true }) lastSignInAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
