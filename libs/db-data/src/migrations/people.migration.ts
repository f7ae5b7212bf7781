import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

const TABLES = ['data.person_sessions', 'data.api_keys'];

/** Local people who are invited, their sessions, and keys for their programs: as on a control plane. */
export class People1790000000141 implements MigrationInterface {
  readonly name = 'People1790000000141';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE data.people ALTER COLUMN password_hash DROP NOT NULL,
        ADD COLUMN email text,
        ADD COLUMN link_sha256 bytea CONSTRAINT people_link_sha256_uq UNIQUE
          CONSTRAINT people_link_sha256_ck CHECK (octet_length(link_sha256) = 32),
        ADD COLUMN link_expires_at timestamptz,
        ADD COLUMN kept_session_id uuid;

      CREATE TABLE data.person_sessions (
        id uuid NOT NULL CONSTRAINT person_sessions_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        person_id uuid NOT NULL CONSTRAINT person_sessions_person_id_fkey
          REFERENCES data.people (id) ON DELETE CASCADE,
        kind text NOT NULL CONSTRAINT person_sessions_kind_ck CHECK (kind IN ('bearer', 'cookie')),
        address text NOT NULL,
        user_agent text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      );
      CREATE INDEX person_sessions_person_id_idx ON data.person_sessions (person_id);
      COMMENT ON TABLE data.person_sessions IS 'owner: identity-jwks';

      CREATE TABLE data.api_keys (
        id uuid NOT NULL CONSTRAINT api_keys_pkey PRIMARY KEY,
        tenant_id uuid NOT NULL,
        person_id uuid NOT NULL CONSTRAINT api_keys_person_id_fkey
          REFERENCES data.people (id) ON DELETE CASCADE,
        key_sha256 bytea NOT NULL CONSTRAINT api_keys_key_sha256_uq UNIQUE
          CONSTRAINT api_keys_key_sha256_ck CHECK (octet_length(key_sha256) = 32),
        label text NOT NULL,
        role text NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      );
      CREATE INDEX api_keys_person_id_idx ON data.api_keys (person_id);
      COMMENT ON TABLE data.api_keys IS 'owner: identity-jwks';

      CREATE FUNCTION data.end_person_tokens() RETURNS trigger
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
      DROP TRIGGER people_end_tokens ON data.people;
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON data.people FOR EACH ROW
        WHEN (OLD.password_hash IS DISTINCT FROM NEW.password_hash
              OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION data.end_person_tokens();

      DROP TRIGGER people_changed ON data.people;
      CREATE TRIGGER people_changed AFTER INSERT OR DELETE
        OR UPDATE OF status, roles, password_hash, tokens_not_before, kept_session_id
        ON data.people FOR EACH STATEMENT EXECUTE FUNCTION data.people_changed();
      CREATE TRIGGER person_sessions_changed AFTER UPDATE OF ended_at ON data.person_sessions
        FOR EACH STATEMENT EXECUTE FUNCTION data.people_changed();
      CREATE TRIGGER api_keys_changed AFTER INSERT OR DELETE ON data.api_keys
        FOR EACH STATEMENT EXECUTE FUNCTION data.people_changed();
    `);
    for (const table of TABLES) await runner.query(tenantTable(table));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES) await runner.query(`DROP TABLE ${table}`);
    await runner.query(`
      DROP TRIGGER people_changed ON data.people;
      CREATE TRIGGER people_changed
        AFTER INSERT OR DELETE OR UPDATE OF status, roles, password_hash, tokens_not_before
        ON data.people FOR EACH STATEMENT EXECUTE FUNCTION data.people_changed();
      DROP TRIGGER people_end_tokens ON data.people;
      DROP FUNCTION data.end_person_tokens();
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON data.people FOR EACH ROW
        WHEN (OLD.password_hash <> NEW.password_hash OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION data.end_tokens();
      -- An owner that is no superuser sees no rows of its own while this is forced.
      ALTER TABLE data.people NO FORCE ROW LEVEL SECURITY;
      UPDATE data.people SET password_hash = '' WHERE password_hash IS NULL;
      ALTER TABLE data.people FORCE ROW LEVEL SECURITY;
      ALTER TABLE data.people ALTER COLUMN password_hash SET NOT NULL,
        DROP COLUMN email, DROP COLUMN link_sha256, DROP COLUMN link_expires_at, DROP COLUMN kept_session_id;
    `);
  }
}
