import type { MigrationInterface, QueryRunner } from 'typeorm';
import { tenantTable } from './tenant-table';

/**
 * The audit chain: rows in native day partitions, the head that serialises writers, what a spool entry
 * becomes on its way, and sessions. Rows can be added and read, never altered: the app login reads, the
 * audit login adds, and only the owner's function makes partitions.
 */
export class Audit1790000000111 implements MigrationInterface {
  readonly name = 'Audit1790000000111';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENTS);
    await runner.query(BESIDE_EVENTS);
    for (const table of ['audit_events', 'audit_head', 'audit_pending', 'sessions']) {
      await runner.query(tenantTable(`data.${table}`));
    }
    await runner.query(PARTITIONS);
    await runner.query(ERASURE);
    await runner.query(GRANTS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      DROP FUNCTION data.audit_erase_personal(text, text);
      DROP FUNCTION data.audit_ensure_partition(date);
      DROP TABLE data.sessions;
      DROP TABLE data.spool_positions;
      DROP TABLE data.audit_rejected;
      DROP TABLE data.audit_pending;
      DROP TABLE data.audit_head;
      DROP TABLE data.audit_events;`);
  }
}

/**
 * Which query each index serves: the primary key the chain's order (pages, verification, export, streams); the unique
 * one `events?id=` and "one row per decision"; the one on agents `events?agent_id=` and, with a session's agent and
 * days, `events?session_id=`; the last one counts of a time span.
 */
const EVENTS = `
  CREATE TABLE data.audit_events (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL CONSTRAINT audit_events_seq_ck CHECK (seq > 0),
    ts timestamptz NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    agent_id text,
    session_id text,
    tool text,
    server text,
    verdict text NOT NULL,
    canonical text NOT NULL,
    personal jsonb,
    previous_hash text NOT NULL,
    hash text NOT NULL,
    CONSTRAINT audit_events_pkey PRIMARY KEY (tenant_id, seq, ts),
    CONSTRAINT audit_events_id_uq UNIQUE (tenant_id, id, ts)
  ) PARTITION BY RANGE (ts);
  CREATE INDEX audit_events_agent_ix ON data.audit_events (tenant_id, agent_id, seq);
  CREATE INDEX audit_events_ts_ix ON data.audit_events USING brin (ts);`;

const BESIDE_EVENTS = `
  CREATE TABLE data.audit_head (
    tenant_id uuid NOT NULL CONSTRAINT audit_head_pkey PRIMARY KEY,
    seq bigint NOT NULL CONSTRAINT audit_head_seq_ck CHECK (seq >= 0),
    hash text NOT NULL
  );
  CREATE TABLE data.audit_pending (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    entry text NOT NULL,
    received_at timestamptz NOT NULL,
    CONSTRAINT audit_pending_pkey PRIMARY KEY (tenant_id, id)
  );
  CREATE INDEX audit_pending_received_ix ON data.audit_pending (tenant_id, received_at);
  CREATE TABLE data.audit_rejected (
    spool_id uuid NOT NULL,
    position bigint NOT NULL,
    reason text NOT NULL,
    entry text,
    received_at timestamptz NOT NULL,
    CONSTRAINT audit_rejected_pkey PRIMARY KEY (spool_id, position)
  );
  CREATE TABLE data.spool_positions (
    spool_id uuid NOT NULL CONSTRAINT spool_positions_pkey PRIMARY KEY,
    position bigint NOT NULL CONSTRAINT spool_positions_position_ck CHECK (position >= 0),
    updated_at timestamptz NOT NULL
  );
  CREATE TABLE data.sessions (
    tenant_id uuid NOT NULL,
    id text NOT NULL,
    agent_id text,
    first_seen_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    calls bigint NOT NULL,
    denials bigint NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT sessions_pkey PRIMARY KEY (tenant_id, id)
  );
  CREATE INDEX sessions_last_seen_ix ON data.sessions (tenant_id, last_seen_at);
  CREATE INDEX sessions_agent_ix ON data.sessions (tenant_id, agent_id, last_seen_at);`;

/**
 * The one way to a new partition. The table is made apart and then attached, which does not block
 * readers or writers of the others; nobody but its owner may touch it directly. Rows of the usual size are not
 * compressed: that costs more than all the rest of storing them.
 */
const PARTITIONS = `
  CREATE FUNCTION data.audit_ensure_partition(of_day date) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $body$
  DECLARE
    name text := 'audit_events_' || to_char(of_day, 'YYYYMMDD');
    partition regclass;
    grantee name;
  BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('behavry:audit-partitions', 0));
    IF to_regclass(format('data.%I', name)) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE data.%I (LIKE data.audit_events INCLUDING CONSTRAINTS) '
      'WITH (toast_tuple_target = 4096)', name);
    partition := to_regclass(format('data.%I', name));
    EXECUTE format('ALTER TABLE data.%I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', name);
    FOR grantee IN
      SELECT DISTINCT r.rolname FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
        JOIN pg_roles r ON r.oid = a.grantee
        WHERE c.oid = partition AND a.grantee <> c.relowner
    LOOP
      EXECUTE format('REVOKE ALL ON data.%I FROM %I', name, grantee);
    END LOOP;
    EXECUTE format('ALTER TABLE data.audit_events ATTACH PARTITION data.%I FOR VALUES FROM (%L) TO (%L)', name,
      to_char(of_day, 'YYYY-MM-DD') || ' 00:00:00+00', to_char(of_day + 1, 'YYYY-MM-DD') || ' 00:00:00+00');
  END $body$;`;

/** The one way to alter a row: personal values are emptied, of one requester or one agent, for the tenant that is set. */
const ERASURE = `
  CREATE FUNCTION data.audit_erase_personal(of_requester text, of_agent text) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $body$
  DECLARE
    tenant uuid := nullif(current_setting('behavry.tenant_id', true), '')::uuid;
    changed bigint;
  BEGIN
    UPDATE data.audit_events SET personal = NULL
      WHERE tenant_id = tenant AND personal IS NOT NULL
        AND (agent_id = of_agent OR personal #>> '{requester_id,value}' = of_requester);
    GET DIAGNOSTICS changed = ROW_COUNT;
    UPDATE data.audit_rejected SET entry = NULL
      WHERE strpos(entry, to_json(of_requester)::text) > 0 OR strpos(entry, to_json(of_agent)::text) > 0;
    RETURN changed;
  END $body$;`;

const GRANTS = `
  DO $body$
  DECLARE
    app text := current_setting('behavry.app_role');
    audit text := current_setting('behavry.audit_role');
  BEGIN
    EXECUTE format('REVOKE ALL ON data.audit_events, data.audit_head, data.audit_pending, data.audit_rejected, '
      'data.spool_positions, data.sessions FROM PUBLIC, %I', app);
    EXECUTE format('GRANT SELECT ON data.audit_events, data.audit_head, data.sessions TO %I', app);
    EXECUTE format('GRANT SELECT, INSERT ON data.audit_events, data.audit_rejected TO %I', audit);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON data.audit_head, data.spool_positions, data.sessions TO %I', audit);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON data.audit_pending TO %I', audit);
    REVOKE ALL ON FUNCTION data.audit_ensure_partition(date), data.audit_erase_personal(text, text) FROM PUBLIC;
    EXECUTE format('GRANT EXECUTE ON FUNCTION data.audit_ensure_partition(date), '
      'data.audit_erase_personal(text, text) TO %I', audit);
  END $body$;
  COMMENT ON TABLE data.audit_events IS 'owner: audit-writer';
  COMMENT ON TABLE data.audit_head IS 'owner: audit-writer';
  COMMENT ON TABLE data.audit_pending IS 'owner: audit-writer';
  COMMENT ON TABLE data.audit_rejected IS 'owner: audit-writer';
  COMMENT ON TABLE data.spool_positions IS 'owner: audit-writer';
  COMMENT ON TABLE data.sessions IS 'owner: audit-writer';`;
