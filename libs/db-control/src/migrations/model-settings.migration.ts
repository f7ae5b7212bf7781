import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a tenant says about the use of models; the triggers of the table tell its config document of it. */
export class ModelSettings1790000000016 implements MigrationInterface {
  readonly name = 'ModelSettings1790000000016';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE control.tenant_settings ADD COLUMN model_settings jsonb');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE control.tenant_settings DROP COLUMN model_settings');
  }
}
