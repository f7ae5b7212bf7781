import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { ManualClock } from '@behavry/platform';
import {
  describeWithOpa,
  eventually,
  startTestOpa,
  startTestPostgres,
  tempDir,
  type TestOpa,
  type TestPostgres,
} from '@behavry/testing';
import { ControlEdge } from './control-edge';
import { LICENSE_KEY, startLicense, TENANT, type RunningLicense } from './running-license';

const NOW = Date.UTC(2026, 2, 17, 12);
const REVISION = '20260317T143022Z';
const secondsAgo = (seconds: number): Date => new Date(NOW - seconds * 1_000);

describeWithOpa('a heartbeat', () => {
  const clock = new ManualClock(NOW);
  const edge = new ControlEdge(undefined);
  let postgres: TestPostgres;
  let opa: TestOpa;
  let owner: Client;
  let plane: RunningLicense;

  beforeAll(async () => {
    postgres = await startTestPostgres();
    const rego = join(tempDir(), 'revision.rego');
    writeFileSync(rego, `package behavry.authz\n\nrevision := "${REVISION}"\n`);
    opa = await startTestOpa({ files: [rego] });
    const dbUrl = await postgres.createDatabase();
    plane = await startLicense(dbUrl, tempDir(), clock, {
      mode: 'data-plane',
      tenantId: TENANT,
      deploymentId: 'dp-test-01',
      controlPlaneUrl: await edge.start(),
      dataPlaneToken: 'dp_nobody_knows_it',
      licenseKey: LICENSE_KEY,
      opaSocket: opa.socket,
    });
    owner = new Client({ connectionString: dbUrl });
    await owner.connect();
  }, 120_000);

  afterAll(async () => {
    await owner.end();
    await plane.stop();
    await edge.stop();
    await opa.stop();
    await postgres.stop();
  });

  let seq = 0;
  const record = (agent: string, ts: Date, tenant = TENANT, kind = 'mcp'): Promise<unknown> =>
    owner.query(
      `INSERT INTO data.audit_events (tenant_id, seq, ts, id, kind, agent_id, verdict, canonical, previous_hash, hash)
       VALUES ($1, $2, $3, $4, $5, $6, 'allow', '{}', '', '')`,
      [tenant, (seq += 1), ts, randomUUID(), kind, agent],
    );

  const escalate = (status: string): Promise<unknown> =>
    owner.query(
      `INSERT INTO data.escalations (tenant_id, id, claim_key, status, kind, decision_id, agent_id, session_id, server,
         server_digest, tool, action, arguments_digest, policy, policy_id, policy_version, reason, risk_tier,
         created_at, expires_at)
       VALUES ($1, $2, $3, $4, 'mcp', $2, 'a', 's', 's', 'd', 't', 'a', 'd', 'p', 'i', 1, 'r', 'low', $5, $5)`,
      [TENANT, randomUUID(), randomUUID(), status, secondsAgo(0)],
    );

  it('counts the agents, calls and waiting decisions of its plane, and names the policies that OPA runs', async () => {
    await owner.query(`SELECT data.audit_ensure_partition('2026-03-17')`);
    for (const seconds of [1, 2, 59]) await record('busy', secondsAgo(seconds));
    await record('model user', secondsAgo(30), TENANT, 'llm');
    await record('earlier', secondsAgo(240));
    await record('long gone', secondsAgo(301));
    await record('no agent', secondsAgo(1), TENANT, 'plane');
    await record('of another tenant', secondsAgo(1), '0197a000-0000-7000-8000-000000000002');
    for (const status of ['pending', 'pending', 'approved', 'denied']) await escalate(status);
    clock.advance(1);
    await eventually(
      () => {
        const beat = edge.seen.findLast(({ path }) => path.endsWith('/dp-test-01/heartbeat'));
        expect(JSON.parse(beat?.body ?? '{}')).toMatchObject({
          deployment_id: 'dp-test-01',
          active_agent_count: 3,
          proxy_rpm_1m: 4,
          escalations_pending: 2,
          opa_bundle_version: REVISION,
          uptime_seconds: 0,
        });
      },
      { timeoutMs: 20_000 },
    );
  });
});
