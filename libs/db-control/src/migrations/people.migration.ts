import type { MigrationInterface, QueryRunner } from 'typeorm';
import { LIVE, LIVE_ROLES, PEOPLE_LIVE } from './access.migration';
import { createLookup, dropLookup, type Lookup } from './lookup';
import { tenantTable } from './tenant-table';

const CHANGED: readonly Lookup[] = [
  [
    'people_live()',
    'id uuid, roles text[], super_admin boolean, tokens_not_before timestamptz, kept_session_id uuid',
    `SELECT p.id, ${LIVE_ROLES}, p.super_admin, p.tokens_not_before, p.kept_session_id
       FROM control.people p JOIN control.tenants t ON t.id = p.tenant_id WHERE ${LIVE} ORDER BY p.id`,
  ],
];

const ADDED: readonly Lookup[] = [
  [
    'person_by_link(wanted bytea)',
    'id uuid, tenant_id uuid, username text',
    `SELECT p.id, p.tenant_id, p.username
       FROM control.people p JOIN control.tenants t ON t.id = p.tenant_id
      WHERE p.link_sha256 = wanted AND t.status = 'active'`,
  ],
  [
    'person_sessions_ended(wanted timestamptz)',
    'id uuid, expires_at timestamptz',
    `SELECT s.id, s.expires_at FROM control.person_sessions s
      WHERE s.ended_at IS NOT NULL AND s.expires_at > wanted ORDER BY s.id`,
  ],
  [
    'api_keys_live(wanted timestamptz)',
    `id uuid, tenant_id uuid, person_id uuid, username text, key_sha256 bytea, role text,
       expires_at timestamptz`,
    `SELECT k.id, k.tenant_id, k.person_id, p.username, k.key_sha256, k.role, k.expires_at
       FROM control.api_keys k JOIN control.people p ON p.id = k.person_id
      WHERE k.expires_at > wanted ORDER BY k.id`,
  ],
];

const TABLES = ['person_sessions', 'api_keys'];

/** People who are invited, their sessions, and keys for their programs. */
export class People1790000000021 implements MigrationInterface {
  readonly name = 'People1790000000021';

  async up(runner: QueryRunner): Promise<void> {
    for (const lookup of CHANGED) await runner.query(dropLookup(lookup));
    await runner.query(`
      ALTER TABLE control.people ALTER COLUMN password_hash DROP NOT NULL,
        ADD COLUMN link_sha256 bytea CONSTRAINT people_link_sha256_uq UNIQUE
          CONSTRAINT people_link_sha256_ck CHECK (octet_length(link_sha256) = 32),
        ADD COLUMN link_expires_at timestamptz,
        ADD COLUMN kept_session_id uuid;

      CREATE TABLE control.person_sessions (
        id uuid NOT NULL CONSTRAINT person_sessions_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        person_id uuid NOT NULL CONSTRAINT person_sessions_person_id_fkey
          REFERENCES control.people (id) ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT person_sessions_kind_ck CHECK (kind IN ('bearer', 'cookie')),
        address text NOT NULL,
        user_agent text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      );
      CREATE INDEX person_sessions_person_id_idx ON control.person_sessions (person_id);
      COMMENT ON TABLE control.person_sessions IS 'owner: identity-jwks';

      CREATE TABLE control.api_keys (
        id uuid NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        person_id uuid NOT NULL CONSTRAINT api_keys_person_id_fkey
          REFERENCES control.people (id) ON DELETE CASCADE,
        key_sha256 bytea NOT NULL CONSTRAINT api_keys_key_sha256_uq UNIQUE
          CONSTRAINT api_keys_key_sha256_ck CHECK (octet_length(key_sha256) = 32),
        label text NOT NULL,
        role text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX api_keys_person_id_idx ON control.api_keys (person_id);
      COMMENT ON TABLE control.api_keys IS 'owner: identity-jwks';

      CREATE FUNCTION control.end_person_tokens() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        -- Tokens tell whole seconds: the next one, so that one issued earlier in this second ends too.
        NEW.tokens_not_before := interval '1 second' + date_trunc('second',
          CASE WHEN NEW.updated_at IS DISTINCT FROM OLD.updated_at THEN NEW.updated_at ELSE now() END);
        NEW.kept_session_id := NULL;
        IF NEW.status <> 'active' THEN
          NEW.link_sha256 := NULL;
          NEW.link_expires_at := NULL;
        END IF;
        RETURN NEW;
      END $body$;
      DROP TRIGGER people_end_tokens ON control.people;
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON control.people FOR EACH ROW
        WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash
              OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION control.end_person_tokens();

      DROP TRIGGER people_changed ON control.people;
      CREATE TRIGGER people_changed AFTER INSERT OR DELETE
        OR UPDATE OF status, roles, super_admin, password_hash, tokens_not_before, kept_session_id
        ON control.people FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();
      CREATE TRIGGER person_sessions_changed AFTER UPDATE OF ended_at ON control.person_sessions
        FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();
      CREATE TRIGGER api_keys_changed AFTER INSERT OR DELETE ON control.api_keys
        FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();
    `);
    for (const table of TABLES) {
      await runner.query(tenantTable(`control.${table}`));
      await runner.query(
        `CREATE POLICY owner_looks_up ON control.${table} FOR SELECT TO CURRENT_USER USING (true)`,
      );
    }
    for (const lookup of [...CHANGED, ...ADDED]) await runner.query(createLookup(lookup));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const lookup of [...CHANGED, ...ADDED]) await runner.query(dropLookup(lookup));
    for (const table of TABLES) await runner.query(`DROP TABLE control.${table}`);
    await runner.query(`
      DROP TRIGGER people_changed ON control.people;
      CREATE TRIGGER people_changed
        AFTER INSERT OR DELETE OR UPDATE OF status, roles, super_admin, password_hash, tokens_not_before
        ON control.people FOR EACH STATEMENT EXECUTE FUNCTION control.people_changed();
      DROP TRIGGER people_end_tokens ON control.people;
      DROP FUNCTION control.end_person_tokens();
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON control.people FOR EACH ROW
        WHEN (OLD.password_hash <> NEW.password_hash OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION control.end_tokens();
      -- An owner that is no superuser sees no rows of its own while this is forced.
      ALTER TABLE control.people NO FORCE ROW LEVEL SECURITY;
      UPDATE control.people SET password_hash = '' WHERE password_hash IS NULL;
      ALTER TABLE control.people FORCE ROW LEVEL SECURITY;
      ALTER TABLE control.people ALTER COLUMN password_hash SET NOT NULL,
        DROP COLUMN link_sha256, DROP COLUMN link_expires_at, DROP COLUMN kept_session_id;
    `);
    await runner.query(createLookup(PEOPLE_LIVE));
  }
}
