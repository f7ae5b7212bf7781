import { randomBytes } from 'node:crypto';
import { eventually } from '@behavry/test-components';
import { Agent, callTool, enrol, type Credentials } from './system/agent';
import { chainFaults, doubled, exportedRows } from './system/audit';
import { Load, type LoadReport } from './system/load';
import { startOwnComponents, type OwnComponents } from './system/own-components';
import { PersonClient } from './system/person';
import { activate, liftLimits, serverPolicy } from './system/policy';
import { System } from './system/system';

const SERVER = 'upstream';
const HEARTBEAT_SECONDS = '2';
let components: OwnComponents;
let control: System;
let data: System;
let admin: PersonClient;
let local: PersonClient;
let credentials: Credentials;

beforeAll(async () => {
  components = await startOwnComponents();
  const env = { BEHAVRY_DB_URL: components.postgres.url };
  control = await System.start({ args: ['--mode', 'control-plane', '--no-demo'], env });
  const { planes, tenant_id: tenantId } = await control.run();
  admin = await PersonClient.signIn(planes.control!);
  await admin.must('POST', '/api/v1/mcp-servers', {
    id: SERVER,
    name: 'Upstream',
    transport: 'streamable-http',
    url: components.upstreamUrl,
    enabled: true,
  });
  await liftLimits(admin);
  await activate(admin, 'outage', serverPolicy('outage', SERVER));
  const { token } = await admin.must<{ token: string }>('POST', '/api/v1/admin/data-plane-tokens', {
    label: 'outage',
  });
  const { license_key: licenseKey } = await admin.must<{ license_key: string }>(
    'GET',
    '/api/v1/admin/license',
  );
  credentials = await enrol(admin, 'outage');
  data = await System.start({
    args: ['--mode', 'data-plane', '--no-demo'],
    env: {
      ...env,
      BEHAVRY_CONTROL_PLANE_URL: admin.url,
      BEHAVRY_DATA_PLANE_TOKEN: token,
      BEHAVRY_LICENSE_KEY: licenseKey,
      BEHAVRY_DEPLOYMENT_ID: 'dp-outage',
      BEHAVRY_TENANT_ID: tenantId,
      BEHAVRY_ADMIN_PASSWORD: randomBytes(12).toString('base64url'),
      BEHAVRY_HEARTBEAT_INTERVAL: HEARTBEAT_SECONDS,
      BEHAVRY_MCP_ALLOWED_HOSTS: 'loopback',
    },
  });
  local = await PersonClient.signIn((await data.run()).planes.data!);
}, 400_000);

afterAll(async () => {
  await System.stopAll();
  await components.stop();
}, 120_000);

/** Every call that was answered has exactly one row, and the whole record verifies. */
async function expectWholeRecord({ answered }: LoadReport): Promise<void> {
  await eventually(
    async () => {
      const rows = await exportedRows(local);
      const rowsOf = new Map<string, number>();
      // A proxy that was killed between verdict and outcome closes the row as aborted; there is one all the same.
      for (const { id, verdict } of rows) if (verdict === 'allow') rowsOf.set(id, (rowsOf.get(id) ?? 0) + 1);
      const wrong = answered.filter((id) => rowsOf.get(id) !== 1);
      expect(wrong).toEqual([]);
      expect(doubled(rows)).toEqual([]);
      expect(chainFaults(rows)).toEqual([]);
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  const { body } = await local.get<{ ok: boolean }>('/api/v1/audit/verify');
  expect(body.ok).toBe(true);
}

/** Lets something happen in the middle of calls; the load must flow again afterwards. */
async function underLoad(label: string, during: (load: Load) => Promise<void>): Promise<LoadReport> {
  const agent = await Agent.connect(local.url, credentials);
  const load = new Load(agent, SERVER, label);
  await eventually(() => expect(load.answers).toBeGreaterThan(20));
  await during(load);
  const before = load.answers;
  await eventually(() => expect(load.answers).toBeGreaterThan(before + 20), { timeoutMs: 60_000 });
  const report = await load.stop();
  await agent.close();
  return report;
}

it('a second data plane: both serve the same agent, each with a record of its own, and one goes without the other', async () => {
  const { token } = await admin.must<{ token: string }>('POST', '/api/v1/admin/data-plane-tokens', {
    label: 'second',
  });
  // Of the first it has everything but the database, the token and the name.
  const env = Object.fromEntries(Object.entries(data.env).filter(([name]) => name !== 'BEHAVRY_DB_URL'));
  const second = await System.start({
    args: ['--mode', 'data-plane', '--no-demo'],
    env: { ...env, BEHAVRY_DATA_PLANE_TOKEN: token, BEHAVRY_DEPLOYMENT_ID: 'dp-second' },
  });
  const theirs = await PersonClient.signIn((await second.run()).planes.data!);
  const call = async ({ url }: PersonClient, message: string): Promise<boolean> => {
    const agent = await Agent.connect(url, credentials);
    const { ok } = await callTool(await agent.mcp(SERVER), 'echo', { message });
    await agent.close();
    return ok;
  };
  expect([await call(local, 'at the first'), await call(theirs, 'at the second')]).toEqual([true, true]);
  await eventually(async () => {
    const [ofFirst, ofSecond] = [await exportedRows(local), await exportedRows(theirs)];
    for (const rows of [ofFirst, ofSecond])
      expect(rows.filter(({ tool, outcome }) => tool === 'echo' && outcome === 'ok')).toHaveLength(1);
    const ids = new Set(ofFirst.map(({ id }) => id));
    expect(ofSecond.filter(({ id }) => ids.has(id))).toEqual([]);
  });
  await eventually(async () => {
    const { body } = await admin.get<{ data_planes: unknown[] }>('/api/v1/data-planes');
    for (const name of ['dp-outage', 'dp-second'])
      expect(body.data_planes).toContainEqual(
        expect.objectContaining({ deployment_id: name, state: 'healthy', in_sync: true }),
      );
  });
  expect(await second.stop()).toBe(0);
  expect(await call(local, 'without the second')).toBe(true);
}, 300_000);

it('PostgreSQL away: calls go on and nothing is lost', async () => {
  const report = await underLoad('database', async (load) => {
    await components.postgres.stop();
    // Away until many batches of the record have gathered, and the writer's connections have failed more than once.
    const before = load.answers;
    await eventually(() => expect(load.answers).toBeGreaterThan(before + 300), { timeoutMs: 60_000 });
    await components.postgres.start();
  });
  const access = (await data.run()).planes.data!;
  local = await eventually(() => PersonClient.signIn(access), {
    timeoutMs: 30_000,
  });
  await expectWholeRecord(report);
}, 240_000);

it('OPA killed: calls are denied and recorded, and it recovers by itself', async () => {
  const agent = await Agent.connect(local.url, credentials);
  const client = await agent.mcp(SERVER);
  const before = await data.kill('opa');
  const denied = await eventually(async () => {
    const result = await callTool(client, 'echo', { message: 'while OPA is away' });
    expect(result.ok).toBe(false);
    return result;
  });
  expect(denied).toMatchObject({ code: -31403, data: { reason_code: expect.stringMatching(/^opa_/) } });
  await data.restarted('opa', before);
  await eventually(async () => expect((await callTool(client, 'echo', { message: 'again' })).ok).toBe(true), {
    timeoutMs: 30_000,
  });
  const id = denied.ok ? '' : String(denied.data['decision_id']);
  await eventually(async () => {
    const { body } = await local.get<{ events: unknown[] }>(`/api/v1/audit/events?id=${id}`);
    expect(body.events).toEqual([expect.objectContaining({ verdict: 'deny', outcome: 'refused' })]);
  });
  await agent.close();
}, 120_000);

it('audit-writer killed under load: every answered call has one row', async () => {
  const report = await underLoad('writer', async () => {
    const before = await data.kill('audit-writer');
    await data.restarted('audit-writer', before);
  });
  await expectWholeRecord(report);
}, 180_000);

it('mcp-proxy killed under load: every answered call has one row, and the interrupted ones are closed', async () => {
  const report = await underLoad('proxy', async () => {
    const before = await data.kill('mcp-proxy');
    await data.restarted('mcp-proxy', before);
  });
  await expectWholeRecord(report);
}, 180_000);

it('the control plane stopped: calls are decided and agents get tokens, also after a restart of the whole data plane', async () => {
  expect(await control.stop()).toBe(0);
  const before = await Agent.connect(local.url, credentials);
  expect((await callTool(await before.mcp(SERVER), 'echo', { message: 'alone' })).ok).toBe(true);
  await before.close();
  const { env, port, dataDir } = data;
  expect(await data.stop()).toBe(0);
  data = await System.start({ args: ['--mode', 'data-plane', '--no-demo'], env, port, dataDir });
  local = await PersonClient.signIn((await data.run()).planes.data!);
  const after = await Agent.connect(local.url, credentials);
  expect((await callTool(await after.mcp(SERVER), 'echo', { message: 'alone after a restart' })).ok).toBe(
    true,
  );
  await after.close();
}, 240_000);

it('no log of either plane holds a token, a secret or a payload', () => {
  const logs = data.logs() + control.logs();
  expect(logs.length).toBeGreaterThan(1000);
  const secrets = [
    credentials.client_secret,
    admin.token,
    local.token,
    data.env['BEHAVRY_DATA_PLANE_TOKEN'] ?? '',
    data.env['BEHAVRY_LICENSE_KEY'] ?? '',
    'alone after a restart',
  ];
  expect(secrets.filter((secret) => secret === '' || logs.includes(secret))).toEqual([]);
});
