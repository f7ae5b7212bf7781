import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createLookup, dropLookup, type Lookup } from './lookup';
import { tenantTable } from './tenant-table';

/** Look-ups by hash or unique name before a tenant is known. */
export const LOOKUPS: readonly Lookup[] = [
  [
    'tenants_all()',
    'id uuid, slug text, name text, plan_tier text, status text, created_at timestamptz',
    `SELECT t.id, t.slug, t.name, t.plan_tier, t.status, t.created_at
       FROM control.tenants t ORDER BY t.created_at, t.id`,
  ],
  [
    'person_by_username(wanted text)',
    `id uuid, tenant_id uuid, username text, password_hash text, roles text[], super_admin boolean,
       active boolean, failed_sign_ins integer, last_failed_at timestamptz`,
    `SELECT p.id, p.tenant_id, p.username, p.password_hash, p.roles, p.super_admin,
            p.status = 'active' AND t.status = 'active', p.failed_sign_ins, p.last_failed_at
       FROM control.people p JOIN control.tenants t ON t.id = p.tenant_id WHERE p.username = wanted`,
  ],
  [
    'agent_by_client_id(wanted text)',
    `id uuid, tenant_id uuid, status text, secret_sha256 bytea, roles text[], permissions text[],
       tenant_active boolean`,
    `SELECT a.id, a.tenant_id, a.status, a.secret_sha256, a.roles, a.permissions, t.status = 'active'
       FROM control.agents a JOIN control.tenants t ON t.id = a.tenant_id WHERE a.client_id = wanted`,
  ],
  [
    'enrollment_token_by_hash(wanted bytea)',
    'id uuid, tenant_id uuid, roles text[], permissions text[], tenant_active boolean',
    `SELECT e.id, e.tenant_id, e.roles, e.permissions, t.status = 'active'
       FROM control.enrollment_tokens e JOIN control.tenants t ON t.id = e.tenant_id
      WHERE e.token_sha256 = wanted`,
  ],
  [
    'data_plane_token_by_hash(wanted bytea)',
    `id uuid, tenant_id uuid, deployment_id text, expires_at timestamptz, revoked_at timestamptz,
       internal boolean`,
    `SELECT d.id, d.tenant_id, d.deployment_id, d.expires_at, d.revoked_at, false
       FROM control.data_plane_tokens d WHERE d.token_sha256 = wanted
      UNION ALL
     SELECT i.id, i.tenant_id, NULL, NULL, NULL, true
       FROM control.internal_tokens i WHERE i.token_sha256 = wanted`,
  ],
];

/** Tenants, people, agents, enrolment, data-plane tokens. */
export class Identity1790000000001 implements MigrationInterface {
  readonly name = 'Identity1790000000001';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE control.tenants (
        id uuid NOT NULL CONSTRAINT tenants_pkey PRIMARY KEY,
        slug text NOT NULL CONSTRAINT tenants_slug_uq UNIQUE,
        name text NOT NULL,
        plan_tier text NOT NULL CONSTRAINT tenants_plan_tier_ck
          CHECK (plan_tier IN ('trial', 'professional', 'enterprise')),
        status text NOT NULL CONSTRAINT tenants_status_ck CHECK (status IN ('active', 'suspended')),
        license_key text NOT NULL CONSTRAINT tenants_license_key_uq UNIQUE,
        license_expires_at timestamptz,
        max_agents integer NOT NULL,
        features text[] NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      COMMENT ON TABLE control.tenants IS 'owner: identity-jwks';

      CREATE TABLE control.people (
        id uuid NOT NULL CONSTRAINT people_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT people_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        username text NOT NULL CONSTRAINT people_username_uq UNIQUE,
        email text,
        password_hash text NOT NULL,
        roles text[] NOT NULL,
        super_admin boolean NOT NULL,
        status text NOT NULL CONSTRAINT people_status_ck CHECK (status IN ('active', 'disabled')),
        failed_sign_ins integer NOT NULL,
        last_failed_at timestamptz,
        last_sign_in_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      CREATE INDEX people_tenant_id_idx ON control.people (tenant_id);
      COMMENT ON TABLE control.people IS 'owner: identity-jwks';

      CREATE TABLE control.agents (
        id uuid NOT NULL CONSTRAINT agents_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT agents_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        name text NOT NULL,
        agent_type text NOT NULL,
        owner text,
        status text NOT NULL CONSTRAINT agents_status_ck
          CHECK (status IN ('active', 'suspended', 'deprovisioned')),
        client_id text NOT NULL CONSTRAINT agents_client_id_uq UNIQUE,
        secret_sha256 bytea NOT NULL CONSTRAINT agents_secret_sha256_ck
          CHECK (octet_length(secret_sha256) = 32),
        roles text[] NOT NULL,
        permissions text[] NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      CREATE INDEX agents_tenant_id_created_at_idx ON control.agents (tenant_id, created_at);
      COMMENT ON TABLE control.agents IS 'owner: identity-jwks';

      CREATE TABLE control.enrollment_tokens (
        id uuid NOT NULL CONSTRAINT enrollment_tokens_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT enrollment_tokens_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        token_sha256 bytea NOT NULL CONSTRAINT enrollment_tokens_token_sha256_uq UNIQUE
          CONSTRAINT enrollment_tokens_token_sha256_ck CHECK (octet_length(token_sha256) = 32),
        label text NOT NULL,
        roles text[] NOT NULL,
        permissions text[] NOT NULL,
        created_by uuid,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        agent_id uuid
      );
      CREATE INDEX enrollment_tokens_tenant_id_idx ON control.enrollment_tokens (tenant_id);
      COMMENT ON TABLE control.enrollment_tokens IS 'owner: identity-jwks';

      CREATE TABLE control.data_plane_tokens (
        id uuid NOT NULL CONSTRAINT data_plane_tokens_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT data_plane_tokens_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        token_sha256 bytea NOT NULL CONSTRAINT data_plane_tokens_token_sha256_uq UNIQUE
          CONSTRAINT data_plane_tokens_token_sha256_ck CHECK (octet_length(token_sha256) = 32),
        prefix text NOT NULL,
        label text NOT NULL,
        region text,
        deployment_id text,
        created_by uuid,
        created_at timestamptz NOT NULL,
        expires_at timestamptz,
        revoked_at timestamptz,
        last_seen_at timestamptz,
        last_heartbeat_at timestamptz,
        active_agent_count integer,
        proxy_rpm_1m double precision,
        escalations_pending integer,
        opa_bundle_version text,
        uptime_seconds double precision,
        version text,
        config_revision text,
        license_state text,
        public_url text
      );
      CREATE INDEX data_plane_tokens_tenant_id_created_at_idx
        ON control.data_plane_tokens (tenant_id, created_at);
      COMMENT ON TABLE control.data_plane_tokens IS 'owner: license-service';

      CREATE TABLE control.internal_tokens (
        id uuid NOT NULL CONSTRAINT internal_tokens_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT internal_tokens_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        token_sha256 bytea NOT NULL CONSTRAINT internal_tokens_token_sha256_uq UNIQUE
          CONSTRAINT internal_tokens_token_sha256_ck CHECK (octet_length(token_sha256) = 32),
        created_at timestamptz NOT NULL
      );
      COMMENT ON TABLE control.internal_tokens IS 'owner: license-service';
    `);
    await runner.query(tenantTable('control.tenants', 'id'));
    for (const table of ['people', 'agents', 'enrollment_tokens', 'data_plane_tokens', 'internal_tokens']) {
      await runner.query(tenantTable(`control.${table}`));
    }
    for (const lookup of LOOKUPS) await runner.query(createLookup(lookup));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const lookup of LOOKUPS) await runner.query(dropLookup(lookup));
    await runner.query(`
      DROP TABLE control.internal_tokens;
      DROP TABLE control.data_plane_tokens;
      DROP TABLE control.enrollment_tokens;
      DROP TABLE control.agents;
      DROP TABLE control.people;
      DROP TABLE control.tenants;
    `);
  }
}
