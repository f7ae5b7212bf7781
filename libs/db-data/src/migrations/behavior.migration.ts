import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/** Behaviour, risk and alerts. */
export class Behavior1790000000113 implements MigrationInterface {
  readonly name = 'Behavior1790000000113';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE data.risk_cursors (
        tenant_id uuid NOT NULL CONSTRAINT risk_cursors_pkey PRIMARY KEY,
        seq bigint NOT NULL
      );
      CREATE TABLE data.agent_risk (
        tenant_id uuid NOT NULL,
        agent_id text NOT NULL,
        score double precision NOT NULL CONSTRAINT agent_risk_score_ck CHECK (score >= 0 AND score <= 100),
        tier text NOT NULL CONSTRAINT agent_risk_tier_ck CHECK (tier IN ('low', 'medium', 'high', 'critical')),
        parts jsonb NOT NULL,
        activity jsonb NOT NULL,
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        scored_at timestamptz NOT NULL,
        CONSTRAINT agent_risk_pkey PRIMARY KEY (tenant_id, agent_id)
      );
      CREATE INDEX agent_risk_score_ix ON data.agent_risk (tenant_id, score);
      CREATE TABLE data.alerts (
        tenant_id uuid NOT NULL,
        id uuid NOT NULL,
        kind text NOT NULL,
        severity text NOT NULL CONSTRAINT alerts_severity_ck CHECK (severity IN ('low', 'medium', 'high', 'critical')),
        status text NOT NULL CONSTRAINT alerts_status_ck CHECK (status IN ('open', 'acknowledged', 'resolved')),
        agent_id text NOT NULL,
        summary text NOT NULL,
        evidence jsonb NOT NULL,
        opened_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        acknowledged_at timestamptz,
        acknowledged_by text,
        resolved_at timestamptz,
        resolved_by text,
        CONSTRAINT alerts_pkey PRIMARY KEY (tenant_id, id)
      );
      CREATE UNIQUE INDEX alerts_unresolved_uq ON data.alerts (tenant_id, kind, agent_id) WHERE status <> 'resolved';
      CREATE INDEX alerts_opened_ix ON data.alerts (tenant_id, opened_at);
      COMMENT ON TABLE data.risk_cursors IS 'owner: behavior-monitor';
      COMMENT ON TABLE data.agent_risk IS 'owner: behavior-monitor';
      COMMENT ON TABLE data.alerts IS 'owner: behavior-monitor';`);
    for (const table of ['risk_cursors', 'agent_risk', 'alerts'])
      await runner.query(tenantTable(`data.${table}`));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE data.alerts; DROP TABLE data.agent_risk; DROP TABLE data.risk_cursors;');
  }
}
