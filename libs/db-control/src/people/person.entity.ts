import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';

/** A person who signs in. Usernames are unique in the plane. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'people', comment: 'owner: identity-jwks' })
@Unique('people_username_uq', ['username'])
@Index('people_tenant_id_idx', ['tenantId'])
@Check('people_status_ck', `status IN ('active', 'disabled')`)
export class PersonEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'people_pkey' }) id!: string;
  @ForeignKey(() => TenantEntity, { name: 'people_tenant_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'tenant_id' })
  tenantId!: string;
  @Column('text') username!: string;
  @Column('text', { nullable: true }) email!: string | null;
  /** argon2id in PHC form, made by the app. */
  @Column('text', { name: 'password_hash' }) passwordHash!: string;
  @Column('text', { array: true }) roles!: string[];
  @Column('boolean', { name: 'super_admin' }) superAdmin!: boolean;
  @Column('text') status!: string;
  /** Moved by a trigger with password and status, and by signing out. */
  @Column('timestamptz', { name: 'tokens_not_before', nullable: true }) tokensNotBefore!: Date | null;
  @Column('timestamptz', { name: 'last_sign_in_at', nullable: true }) lastSignInAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
