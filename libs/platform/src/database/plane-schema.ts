import type { Client } from 'pg';
import { BUCKET_STATEMENTS } from './bucket-statements';
import { MIGRATED_TABLE } from './migration-wait';
import { SPENDING_STATEMENTS } from './spending-statements';

/**
 * The platform's own tables of a plane, made anew only where they are missing: plane state, what is
 * remembered for a while, what limits and budgets count, the record of people's changes, the signing keys, and the versions it was migrated to. Owner app of `changes`: identity-jwks serves it, every app
 * writes to it.
 */
const STATEMENTS: readonly string[] = [
  'CREATE SCHEMA IF NOT EXISTS plane',
  `CREATE TABLE IF NOT EXISTS plane.plane_state (
     key text CONSTRAINT plane_state_pk PRIMARY KEY,
     value text NOT NULL)`,
  'ALTER TABLE plane.plane_state DROP COLUMN IF EXISTS version',
  `CREATE TABLE IF NOT EXISTS plane.changes (
     id uuid CONSTRAINT changes_pk PRIMARY KEY,
     tenant_id uuid NOT NULL,
     ts timestamptz NOT NULL,
     person_id text NOT NULL,
     username text NOT NULL,
     action text NOT NULL,
     target text NOT NULL,
     detail jsonb NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS changes_tenant_ts_ix ON plane.changes (tenant_id, ts DESC, id DESC)',
  'ALTER TABLE plane.changes ENABLE ROW LEVEL SECURITY',
  'ALTER TABLE plane.changes FORCE ROW LEVEL SECURITY',
  'DROP POLICY IF EXISTS changes_tenant ON plane.changes',
  `CREATE POLICY changes_tenant ON plane.changes
     USING (tenant_id = nullif(current_setting('behavry.tenant_id', true), '')::uuid)`,
  `CREATE TABLE IF NOT EXISTS plane.signing_keys (
     kid text CONSTRAINT signing_keys_pk PRIMARY KEY,
     purpose text NOT NULL,
     public_jwk jsonb NOT NULL,
     sealed_private text NOT NULL,
     created_at timestamptz NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS plane.memory (
     key text CONSTRAINT memory_pk PRIMARY KEY,
     value text NOT NULL,
     expires_at timestamptz NOT NULL)`,
  'CREATE INDEX IF NOT EXISTS memory_expires_ix ON plane.memory (expires_at)',
  ...BUCKET_STATEMENTS,
  ...SPENDING_STATEMENTS,
  MIGRATED_TABLE,
];

/** Makes schema `plane` and grants its use: people's changes can be added and read, never altered. */
export async function ensurePlaneSchema(owner: Client, appRole: string, auditRole: string): Promise<void> {
  for (const statement of STATEMENTS) await owner.query(statement);
  const roles = `${owner.escapeIdentifier(appRole)}, ${owner.escapeIdentifier(auditRole)}`;
  await owner.query(`GRANT USAGE ON SCHEMA plane TO ${roles}`);
  await owner.query(`GRANT SELECT, INSERT, UPDATE ON plane.plane_state TO ${roles}`);
  await owner.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON plane.memory TO ${roles}`);
  await owner.query(
    `GRANT SELECT, INSERT, UPDATE, DELETE
       ON plane.buckets, plane.spending, plane.spending_reservations, plane.spending_settled
       TO ${owner.escapeIdentifier(appRole)}`,
  );
  await owner.query(`GRANT SELECT ON plane.migrated TO ${roles}`);
  await owner.query(`GRANT SELECT, INSERT ON plane.changes, plane.signing_keys TO ${roles}`);
}
