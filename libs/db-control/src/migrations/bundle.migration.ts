import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/** Published documents, and the notifications that end held polls. */
export class Bundle1790000000003 implements MigrationInterface {
  readonly name = 'Bundle1790000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE control.published_documents (
        tenant_id uuid NOT NULL CONSTRAINT published_documents_tenant_id_fkey
          REFERENCES control.tenants (id) ON DELETE CASCADE,
        part text NOT NULL CONSTRAINT published_documents_part_ck CHECK (part IN ('policy', 'config')),
        revision text NOT NULL,
        generation integer NOT NULL,
        digest text NOT NULL,
        content_counter integer NOT NULL,
        policy_count integer NOT NULL,
        body bytea NOT NULL,
        signed_body bytea,
        signed_by text NOT NULL,
        created_at timestamptz NOT NULL,
        CONSTRAINT published_documents_pkey PRIMARY KEY (tenant_id, part, revision)
      );
      COMMENT ON TABLE control.published_documents IS 'owner: bundle-server';
      -- Archives are compressed already.
      ALTER TABLE control.published_documents ALTER COLUMN body SET STORAGE EXTERNAL;
      ALTER TABLE control.published_documents ALTER COLUMN signed_body SET STORAGE EXTERNAL;
      ${tenantTable('control.published_documents')}

      CREATE FUNCTION control.published_heads()
        RETURNS TABLE (tenant_id uuid, part text, revision text, content_counter integer)
        LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $body$
          SELECT DISTINCT ON (d.tenant_id, d.part) d.tenant_id, d.part, d.revision, d.content_counter
            FROM control.published_documents d ORDER BY d.tenant_id, d.part, d.revision DESC
        $body$;
      REVOKE ALL ON FUNCTION control.published_heads() FROM PUBLIC;
      DO $grant$ BEGIN
        EXECUTE format('GRANT EXECUTE ON FUNCTION control.published_heads() TO %I',
                       current_setting('behavry.app_role'));
      END $grant$;

      CREATE FUNCTION control.token_changed() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        PERFORM pg_notify('behavry_tokens', OLD.tenant_id::text);
        RETURN NULL;
      END $body$;
      CREATE TRIGGER data_plane_tokens_changed
        AFTER DELETE OR UPDATE OF revoked_at, expires_at, token_sha256 ON control.data_plane_tokens
        FOR EACH ROW EXECUTE FUNCTION control.token_changed();
      CREATE TRIGGER internal_tokens_changed AFTER DELETE OR UPDATE ON control.internal_tokens
        FOR EACH ROW EXECUTE FUNCTION control.token_changed();

      CREATE FUNCTION control.tenant_added() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        PERFORM pg_notify('behavry_content', NEW.id::text || ' policy');
        PERFORM pg_notify('behavry_content', NEW.id::text || ' config');
        RETURN NULL;
      END $body$;
      CREATE TRIGGER tenants_added AFTER INSERT ON control.tenants
        FOR EACH ROW EXECUTE FUNCTION control.tenant_added();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER tenants_added ON control.tenants;
      DROP FUNCTION control.tenant_added();
      DROP TRIGGER internal_tokens_changed ON control.internal_tokens;
      DROP TRIGGER data_plane_tokens_changed ON control.data_plane_tokens;
      DROP FUNCTION control.token_changed();
      DROP FUNCTION control.published_heads();
      DROP TABLE control.published_documents;
    `);
  }
}
