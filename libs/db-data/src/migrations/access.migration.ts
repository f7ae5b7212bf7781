import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Local people's tokens can be ended, and every change of who may act is told at its commit. */
export class Access1790000000121 implements MigrationInterface {
  readonly name = 'Access1790000000121';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE data.people ADD COLUMN tokens_not_before timestamptz,
        DROP COLUMN failed_sign_ins, DROP COLUMN last_failed_at;

      CREATE FUNCTION data.end_tokens() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        -- Tokens tell whole seconds: the next one, so that one issued earlier in this second ends too.
        NEW.tokens_not_before := interval '1 second' + date_trunc('second',
          CASE WHEN NEW.updated_at IS DISTINCT FROM OLD.updated_at THEN NEW.updated_at ELSE now() END);
        RETURN NEW;
      END $body$;
      CREATE TRIGGER people_end_tokens BEFORE UPDATE ON data.people FOR EACH ROW
        WHEN (OLD.password_hash <> NEW.password_hash OR OLD.tokens_not_before IS DISTINCT FROM NEW.tokens_not_before
              OR (OLD.status = 'active' AND NEW.status <> 'active'))
        EXECUTE FUNCTION data.end_tokens();

      CREATE FUNCTION data.people_changed() RETURNS trigger
        LANGUAGE plpgsql SET search_path = '' AS $body$
      BEGIN
        PERFORM pg_notify('behavry_people', 'changed');
        RETURN NULL;
      END $body$;
      CREATE TRIGGER people_changed
        AFTER INSERT OR DELETE OR UPDATE OF status, roles, password_hash, tokens_not_before
        ON data.people FOR EACH STATEMENT EXECUTE FUNCTION data.people_changed();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP TRIGGER people_changed ON data.people;
      DROP FUNCTION data.people_changed();
      DROP TRIGGER people_end_tokens ON data.people;
      DROP FUNCTION data.end_tokens();
      ALTER TABLE data.people DROP COLUMN tokens_not_before,
        ADD COLUMN failed_sign_ins integer NOT NULL DEFAULT 0, ADD COLUMN last_failed_at timestamptz;
      ALTER TABLE data.people ALTER COLUMN failed_sign_ins DROP DEFAULT;
    `);
  }
}
