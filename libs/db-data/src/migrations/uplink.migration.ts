import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Local people and the uplink's memory. */
export class Uplink1790000000101 implements MigrationInterface {
  readonly name = 'Uplink1790000000101';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE data.people (
        id uuid NOT NULL CONSTRAINT people_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        username text NOT NULL CONSTRAINT people_username_uq UNIQUE,
        password_hash text NOT NULL,
        roles text[] NOT NULL,
        status text NOT NULL CONSTRAINT people_status_ck CHECK (status IN ('active', 'disabled')),
        failed_sign_ins integer NOT NULL,
        last_failed_at timestamptz,
        last_sign_in_at timestamptz,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL
      );
      COMMENT ON TABLE data.people IS 'owner: identity-jwks';

      CREATE TABLE data.uplink_memory (
        tenant_id uuid NOT NULL CONSTRAINT uplink_memory_pkey PRIMARY KEY,
        license jsonb,
        bundle_keys jsonb,
        bundle_keys_pinned_at timestamptz,
        config_generation integer,
        config_revision text,
        config_received_at timestamptz,
        token_accepted_at timestamptz,
        token_state text NOT NULL
      );
      COMMENT ON TABLE data.uplink_memory IS 'owner: license-service';
    `);
    for (const table of ['data.people', 'data.uplink_memory']) {
      await runner.query(`
        ALTER TABLE ${table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE ${table} FORCE ROW LEVEL SECURITY;
        CREATE POLICY tenant_isolation ON ${table}
          USING (tenant_id = nullif(current_setting('behavry.tenant_id', true), '')::uuid);`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE data.uplink_memory; DROP TABLE data.people;');
  }
}
