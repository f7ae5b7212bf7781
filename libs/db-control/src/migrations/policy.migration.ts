import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/**
 * Tables whose rows end up in a tenant's documents: which counter a change moves, and on which
 * events (a draft changes nothing). Triggers, so that no writer can forget it.
 */
const WATCHED: readonly (readonly [table: string, part: 'policy' | 'config', when: string])[] = [
  ['policies', 'policy', 'DELETE OR UPDATE OF active_version'],
  ['tenant_settings', 'policy', 'INSERT OR DELETE OR UPDATE OF blast_radius'],
  ['tenant_settings', 'config', 'INSERT OR UPDATE OR DELETE'],
  ['mcp_servers', 'config', 'INSERT OR UPDATE OR DELETE'],
  ['kill_switches', 'config', 'INSERT OR UPDATE OR DELETE'],
  ['agents', 'config', 'INSERT OR UPDATE OR DELETE'],
];

/** Policies and their versions, registry of MCP servers, kill switches, settings, content counters. */
export class Policy1790000000002 implements MigrationInterface {
  readonly name = 'Policy1790000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE control.policies (
        id uuid NOT NULL CONSTRAINT policies_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT policies_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        name text NOT NULL,
        description text NOT NULL,
        category text NOT NULL,
        package text NOT NULL,
        status text NOT NULL CONSTRAINT policies_status_ck CHECK (status IN ('draft', 'active', 'archived')),
        version integer NOT NULL,
        active_version integer,
        active_package text,
        idempotency_key text,
        created_by uuid,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT policies_active_ck CHECK (
          (status = 'active') = (active_version IS NOT NULL)
          AND (active_version IS NULL) = (active_package IS NULL)
        ),
        CONSTRAINT policies_tenant_id_active_package_uq UNIQUE (tenant_id, active_package),
        CONSTRAINT policies_tenant_id_idempotency_key_uq UNIQUE (tenant_id, idempotency_key)
      );
      CREATE INDEX policies_tenant_id_created_at_idx ON control.policies (tenant_id, created_at);
      COMMENT ON TABLE control.policies IS 'owner: policy-service';

      CREATE TABLE control.policy_versions (
        policy_id uuid NOT NULL CONSTRAINT policy_versions_policy_id_fkey
          REFERENCES control.policies (id) ON DELETE CASCADE,
        version integer NOT NULL,
        tenant_id uuid NOT NULL CONSTRAINT policy_versions_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        name text NOT NULL,
        description text NOT NULL,
        category text NOT NULL,
        package text NOT NULL,
        content text NOT NULL,
        tests text,
        concerns jsonb NOT NULL,
        created_by uuid,
        created_by_name text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT policy_versions_pkey PRIMARY KEY (policy_id, version)
      );
      CREATE INDEX policy_versions_tenant_id_idx ON control.policy_versions (tenant_id);
      COMMENT ON TABLE control.policy_versions IS 'owner: policy-service';

      CREATE TABLE control.mcp_servers (
        tenant_id uuid NOT NULL CONSTRAINT mcp_servers_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        id text NOT NULL,
        name text NOT NULL,
        transport text NOT NULL CONSTRAINT mcp_servers_transport_ck
          CHECK (transport IN ('streamable-http', 'stdio')),
        url text,
        headers jsonb NOT NULL,
        command text,
        args text[] NOT NULL,
        env jsonb NOT NULL,
        enabled boolean NOT NULL,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        updated_at timestamptz NOT NULL,
        CONSTRAINT mcp_servers_pkey PRIMARY KEY (tenant_id, id)
      );
      COMMENT ON TABLE control.mcp_servers IS 'owner: policy-service';

      CREATE TABLE control.kill_switches (
        id uuid NOT NULL CONSTRAINT kill_switches_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL CONSTRAINT kill_switches_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        scope text NOT NULL CONSTRAINT kill_switches_scope_ck
          CHECK (scope IN ('tenant', 'agent', 'mcp_server', 'tool')),
        target text NOT NULL,
        reason text NOT NULL,
        created_by uuid,
        created_by_name text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT kill_switches_tenant_id_scope_target_uq UNIQUE (tenant_id, scope, target)
      );
      COMMENT ON TABLE control.kill_switches IS 'owner: policy-service';

      CREATE TABLE control.tenant_settings (
        tenant_id uuid NOT NULL CONSTRAINT tenant_settings_pkey PRIMARY KEY
          CONSTRAINT tenant_settings_tenant_id_fkey REFERENCES control.tenants (id) ON DELETE CASCADE,
        blast_radius jsonb,
        rate_limits jsonb,
        escalation jsonb,
        version integer NOT NULL,
        updated_at timestamptz NOT NULL
      );
      COMMENT ON TABLE control.tenant_settings IS 'owner: policy-service';

      CREATE TABLE control.content_changes (
        tenant_id uuid NOT NULL CONSTRAINT content_changes_pkey PRIMARY KEY
          CONSTRAINT content_changes_tenant_id_fkey REFERENCES control.tenants (id) ON DELETE CASCADE,
        policy_counter integer NOT NULL,
        config_counter integer NOT NULL
      );
      COMMENT ON TABLE control.content_changes IS 'owner: policy-service';
    `);
    for (const table of [
      'policies',
      'policy_versions',
      'mcp_servers',
      'kill_switches',
      'tenant_settings',
      'content_changes',
    ]) {
      await runner.query(tenantTable(`control.${table}`));
    }
    await runner.query(`
      CREATE FUNCTION control.content_changed() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      DECLARE
        tenant uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END;
        part text := TG_ARGV[0];
      BEGIN
        -- A tenant that is itself being removed has nothing left to build.
        INSERT INTO control.content_changes AS c (tenant_id, policy_counter, config_counter)
          SELECT t.id, (part = 'policy')::integer, (part = 'config')::integer
            FROM control.tenants t WHERE t.id = tenant
          ON CONFLICT (tenant_id) DO UPDATE
            SET policy_counter = c.policy_counter + (part = 'policy')::integer,
                config_counter = c.config_counter + (part = 'config')::integer;
        PERFORM pg_notify('behavry_content', tenant::text || ' ' || part);
        RETURN NULL;
      END $body$;

      CREATE FUNCTION control.content_changes_all()
        RETURNS TABLE (tenant_id uuid, policy_counter integer, config_counter integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $body$
          SELECT c.tenant_id, c.policy_counter, c.config_counter FROM control.content_changes c
        $body$;
      REVOKE ALL ON FUNCTION control.content_changes_all() FROM PUBLIC;
      DO $grant$ BEGIN
        EXECUTE format('GRANT EXECUTE ON FUNCTION control.content_changes_all() TO %I',
                       current_setting('behavry.app_role'));
      END $grant$;
    `);
    for (const [table, part, events] of WATCHED) {
      await runner.query(`
        CREATE TRIGGER ${table}_${part}_changed AFTER ${events} ON control.${table}
          FOR EACH ROW EXECUTE FUNCTION control.content_changed('${part}')`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [table, part] of WATCHED) {
      await runner.query(`DROP TRIGGER ${table}_${part}_changed ON control.${table}`);
    }
    await runner.query(`
      DROP FUNCTION control.content_changes_all();
      DROP FUNCTION control.content_changed();
      DROP TABLE control.content_changes;
      DROP TABLE control.tenant_settings;
      DROP TABLE control.kill_switches;
      DROP TABLE control.mcp_servers;
      DROP TABLE control.policy_versions;
      DROP TABLE control.policies;
    `);
  }
}
