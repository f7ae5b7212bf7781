import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Counts a change of a tenant's content; whoever tells bundle-server does so after the commit, over its queue. */
const contentChanged = (told: string): string => `
  CREATE OR REPLACE FUNCTION control.content_changed() RETURNS trigger
    LANGUAGE plpgsql SET search_path = '' AS $body$
  DECLARE
    tenant uuid;
    part text := TG_ARGV[0];
  BEGIN
    IF TG_TABLE_NAME = 'tenants' THEN tenant := NEW.id;
    ELSIF TG_OP = 'DELETE' THEN tenant := OLD.tenant_id;
    ELSE tenant := NEW.tenant_id;
    END IF;
    -- A tenant that is itself being removed has nothing left to build.
    INSERT INTO control.content_changes AS c (tenant_id, policy_counter, config_counter)
      SELECT t.id, (part = 'policy')::integer, (part = 'config')::integer
        FROM control.tenants t WHERE t.id = tenant
      ON CONFLICT (tenant_id) DO UPDATE
        SET policy_counter = c.policy_counter + (part = 'policy')::integer,
            config_counter = c.config_counter + (part = 'config')::integer;
    ${told}
    RETURN NULL;
  END $body$;`;

/** Builds are woken by jobs of `bundle.build.v1` alone. */
export class BuildWake1790000000015 implements MigrationInterface {
  readonly name = 'BuildWake1790000000015';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER tenants_added ON control.tenants;
      DROP FUNCTION control.tenant_added();
      ${contentChanged('')}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ${contentChanged(`PERFORM pg_notify('behavry_content', tenant::text || ' ' || part);`)}
      CREATE FUNCTION control.tenant_added() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        PERFORM pg_notify('behavry_content', NEW.id::text || ' policy');
        PERFORM pg_notify('behavry_content', NEW.id::text || ' config');
        RETURN NULL;
      END $body$;
      CREATE TRIGGER tenants_added AFTER INSERT ON control.tenants
        FOR EACH ROW EXECUTE FUNCTION control.tenant_added();`);
  }
}
