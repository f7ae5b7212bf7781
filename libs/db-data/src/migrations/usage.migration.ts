import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Serves sums over the uses of models in a time span, without reading what tools did in it. */
export class Usage1790000000132 implements MigrationInterface {
  readonly name = 'Usage1790000000132';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE INDEX audit_events_llm_ix ON data.audit_events (tenant_id, ts) WHERE kind = 'llm'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX data.audit_events_llm_ix');
  }
}
