import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/** The verdict of the last verification of a chain, which audit-writer keeps over restarts. */
export class AuditVerification1790000000131 implements MigrationInterface {
  readonly name = 'AuditVerification1790000000131';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE data.audit_verification (
        tenant_id uuid NOT NULL CONSTRAINT audit_verification_pkey PRIMARY KEY,
        is_ok boolean NOT NULL,
        verified_seq bigint NOT NULL CONSTRAINT audit_verification_seq_ck CHECK (verified_seq >= 0),
        verified_hash text NOT NULL,
        verified_at timestamptz NOT NULL,
        whole_at timestamptz,
        seconds double precision NOT NULL,
        bad_seq bigint,
        bad_kind text
      );
      COMMENT ON TABLE data.audit_verification IS 'owner: audit-writer';
      DO $body$
      BEGIN
        EXECUTE format('REVOKE ALL ON data.audit_verification FROM PUBLIC, %I', current_setting('behavry.app_role'));
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON data.audit_verification TO %I',
          current_setting('behavry.audit_role'));
      END $body$;`);
    await runner.query(tenantTable('data.audit_verification'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE data.audit_verification;');
  }
}
