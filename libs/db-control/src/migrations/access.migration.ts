import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LOOKUPS } from './identity.migration';
import { createLookup, dropLookup, type Lookup } from './lookup';

/** A super-administrator outlives the suspension of the own tenant, without its roles: somebody must resume it. */
export const LIVE = `p.status = 'active' AND (t.status = 'active' OR p.super_admin)`;
export const LIVE_ROLES = `CASE WHEN t.status = 'active' THEN p.roles ELSE '{}' END`;

const CHANGED: readonly Lookup[] = [
  [
    'person_by_username(wanted text)',
    `id uuid, tenant_id uuid, username text, password_hash text, roles text[], super_admin boolean,
       active boolean, tokens_not_before timestamptz`,
    `SELECT p.id, p.tenant_id, p.username, p.password_hash, ${LIVE_ROLES}, p.super_admin, ${LIVE},
            p.tokens_not_before
       FROM control.people p JOIN control.tenants t ON t.id = p.tenant_id WHERE p.username = wanted`,
  ],
  [
    'agent_by_client_id(wanted text)',
    `id uuid, tenant_id uuid, status text, secret_sha256 bytea, roles text[], permissions text[],
       tokens_not_before timestamptz, tenant_active boolean`,
    `SELECT a.id, a.tenant_id, a.status, a.secret_sha256, a.roles, a.permissions, a.tokens_not_before,
            t.status = 'active'
       FROM control.agents a JOIN control.tenants t ON t.id = a.tenant_id WHERE a.client_id = wanted`,
  ],
];

export const PEOPLE_LIVE: Lookup = [
  'people_live()',
  'id uuid, roles text[], super_admin boolean, tokens_not_before timestamptz',
  `SELECT p.id, ${LIVE_ROLES}, p.super_admin, p.tokens_not_before
     FROM control.people p JOIN control.tenants t ON t.id = p.tenant_id WHERE ${LIVE} ORDER BY p.id`,
];

/** What the look-ups read. Their owner is bound by row-level security too, unless it is a superuser. */
const LOOKED_UP = [
  'tenants',
  'people',
  'agents',
  'enrollment_tokens',
  'data_plane_tokens',
  'internal_tokens',
  'content_changes',
  'published_documents',
];

/** Tokens that can be ended, people looked at live, suspension that reaches its planes, kill switches of models. */
export class Access1790000000011 implements MigrationInterface {
  readonly name = 'Access1790000000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const lookup of CHANGED) await runner.query(dropLookup(lookup));
    await runner.query(`
      ALTER TABLE control.agents ADD COLUMN tokens_not_before timestamptz;
      ALTER TABLE control.people ADD COLUMN tokens_not_before timestamptz,
        DROP COLUMN failed_sign_ins, DROP COLUMN last_failed_at;

      CREATE FUNCTION control.end_tokens() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        -- Tokens tell whole seconds: the next one, so that one issued earlier in this second ends too.
        NEW.tokens_not_before := interval '1 second' + date_trunc('second',
          CASE WHEN NEW.updated_at IS DISTINCT FROM OLD.updated_at THEN NEW.updated_at ELSE now() END);
        RETURN NEW;
      END $body$;
      CREATE TRIGGER agents_end_tokens BEFORE UPDATE ON control.agents FOR EACH ROW
        WHEN (OLD.secret_sha256 <> NEW.secret_sha256 OR OLD.roles <> NEW.roles OR OLD.permissions <> NEW.permissions
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION control.end_tokens();
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON control.people FOR EACH ROW
        WHEN (OLD.password_hash <> NEW.password_hash OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION control.end_tokens();

      CREATE FUNCTION control.people_changed() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        PERFORM pg_notify('behavry_people', 'changed');
        RETURN NULL;
      END $body$;
      CREATE TRIGGER people_changed
        AFTER INSERT OR DELETE OR UPDATE OF status, roles, super_admin, password_hash, tokens_not_before
        ON control.people FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();
      CREATE TRIGGER tenants_people_changed AFTER UPDATE OF status ON control.tenants
        FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();

      CREATE TRIGGER tenants_config_changed AFTER UPDATE OF status, plan_tier ON control.tenants
        FOR EACH ROW EXECUTE FUNCTION control.content_changed('config');

      ALTER TABLE control.kill_switches DROP CONSTRAINT kill_switches_scope_ck,
        ADD CONSTRAINT kill_switches_scope_ck CHECK (scope IN ('tenant', 'agent', 'mcp_server', 'tool', 'model'));
    `);
    for (const lookup of [...CHANGED, PEOPLE_LIVE]) await runner.query(createLookup(lookup));
    for (const table of LOOKED_UP) {
      await runner.query(
        `CREATE POLICY owner_looks_up ON control.${table} FOR SELECT TO CURRENT_USER USING (true)`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of LOOKED_UP) await runner.query(`DROP POLICY owner_looks_up ON control.${table}`);
    for (const lookup of [...CHANGED, PEOPLE_LIVE]) await runner.query(dropLookup(lookup));
    await runner.query(`
      DELETE FROM control.kill_switches WHERE scope = 'model';
      ALTER TABLE control.kill_switches DROP CONSTRAINT kill_switches_scope_ck,
        ADD CONSTRAINT kill_switches_scope_ck CHECK (scope IN ('tenant', 'agent', 'mcp_server', 'tool'));
      DROP TRIGGER tenants_config_changed ON control.tenants;
      DROP TRIGGER tenants_people_changed ON control.tenants;
      DROP TRIGGER people_changed ON control.people;
      DROP FUNCTION control.people_changed();
      DROP TRIGGER people_end_tokens ON control.people;
      DROP TRIGGER agents_end_tokens ON control.agents;
      DROP FUNCTION control.end_tokens();
      ALTER TABLE control.people DROP COLUMN tokens_not_before,
        ADD COLUMN failed_sign_ins integer NOT NULL DEFAULT 0, ADD COLUMN last_failed_at timestamptz;
      ALTER TABLE control.people ALTER COLUMN failed_sign_ins DROP DEFAULT;
      ALTER TABLE control.agents DROP COLUMN tokens_not_before;
    `);
    const changed = new Set(CHANGED.map(([signature]) => signature));
    for (const lookup of LOOKUPS.filter(([signature]) => changed.has(signature)))
      await runner.query(createLookup(lookup));
  }
}
