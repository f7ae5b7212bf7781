import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn, Unique } from 'typeorm';
import { PersonEntity } from './person.entity';

/** What a sign-in began. It ends with `ended_at`, or when its last token does. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'person_sessions', comment: 'owner: identity-jwks' })
@Index('person_sessions_person_id_idx', ['personId'])
@Check('person_sessions_kind_ck', `kind IN ('bearer', 'cookie')`)
export class PersonSessionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'person_sessions_pkey' }) id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @ForeignKey(() => PersonEntity, { name: 'person_sessions_person_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'person_id' })
  personId!: string;
  @Column('text') kind!: string;
  /** IPv4 address, or the first 64 bits of an IPv6 address. */
  @Column('text') address!: string;
  @Column('text', { name: 'user_agent' }) userAgent!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'last_used_at' }) lastUsedAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
}

/** A key for a person's programs. Owner: identity-jwks. */
@Entity({ schema: 'control', name: 'api_keys', comment: 'owner: identity-jwks' })
@Unique('api_keys_key_sha256_uq', ['keySha256'])
@Index('api_keys_person_id_idx', ['personId'])
@Check('api_keys_key_sha256_ck', 'octet_length(key_sha256) = 32')
export class ApiKeyEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'api_keys_pkey' }) id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @ForeignKey(() => PersonEntity, { name: 'api_keys_person_id_fkey', onDelete: 'CASCADE' })
  @Column('uuid', { name: 'person_id' })
  personId!: string;
  @Column('bytea', { name: 'key_sha256' }) keySha256!: Buffer;
  @Column('text') label!: string;
  @Column('text') role!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'expires_at' }) expiresAt!: Date;
}
