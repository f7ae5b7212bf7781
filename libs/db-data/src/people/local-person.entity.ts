import { Check, Column, Entity, PrimaryColumn, Unique } from 'typeorm';

/** A person who signs in on this data plane alone. Owner: identity-jwks. */
@Entity({ schema: 'data', name: 'people', comment: 'owner: identity-jwks' })
@Unique('people_username_uq', ['username'])
@Check('people_status_ck', `status IN ('active', 'disabled')`)
export class LocalPersonEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'people_pkey' }) id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') username!: string;
  /** argon2id in PHC form, made by the app. */
  @Column('text', { name: 'password_hash' }) passwordHash!: string;
  @Column('text', { array: true }) roles!: string[];
  @Column('text') status!: string;
  /** Moved by a trigger with password and status, and by signing out. */
  @Column('timestamptz', { name: 'tokens_not_before', nullable: true }) tokensNotBefore!: Date | null;
  @Column('timestamptz', { name: 'last_sign_in_at', nullable: true }) lastSignInAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
