import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/** Calls that wait for a person. */
export class Escalations1790000000112 implements MigrationInterface {
  readonly name = 'Escalations1790000000112';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE data.escalations (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        claim_key text NOT NULL,
        status text NOT NULL CONSTRAINT escalations_status_ck
          CHECK (status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')),
        kind text NOT NULL CONSTRAINT escalations_kind_ck CHECK (kind IN ('mcp', 'llm')),
        decision_id uuid NOT NULL,
        agent_id text NOT NULL,
        session_id text NOT NULL,
        server text NOT NULL,
        server_digest text NOT NULL,
        tool text NOT NULL,
        action text NOT NULL,
        target text,
        arguments_digest text NOT NULL,
        sealed_arguments text,
        policy text NOT NULL,
        policy_id text NOT NULL,
        policy_version integer NOT NULL,
        reason text NOT NULL,
        risk_tier text NOT NULL CONSTRAINT escalations_risk_tier_ck
          CHECK (risk_tier IN ('low', 'medium', 'high', 'critical', 'unknown')),
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        decided_at timestamptz,
        decided_by text,
        comment text,
        claimed_at timestamptz,
        claimed_decision_id uuid,
        CONSTRAINT escalations_pkey PRIMARY KEY (tenant_id, id)
      );
      CREATE UNIQUE INDEX escalations_waiting_uq ON data.escalations (tenant_id, claim_key) WHERE status = 'pending';
      CREATE INDEX escalations_claim_ix ON data.escalations (tenant_id, claim_key, created_at);
      CREATE INDEX escalations_status_ix ON data.escalations (tenant_id, status, expires_at);
      CREATE INDEX escalations_created_ix ON data.escalations (tenant_id, created_at);
      CREATE INDEX escalations_sealed_ix ON data.escalations (tenant_id, decided_at)
        WHERE sealed_arguments IS NOT NULL;
      CREATE INDEX escalations_open_ix ON data.escalations (tenant_id, agent_id) WHERE status = 'pending';
      COMMENT ON TABLE data.escalations IS 'owner: escalation-worker';`);
    await runner.query(tenantTable('data.escalations'));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE data.escalations');
  }
}
