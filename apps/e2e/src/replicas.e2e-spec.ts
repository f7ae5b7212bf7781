import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { APP_NAMES, mayHaveReplicas, type AppName } from '@behavry/contracts';
import { eventually } from '@behavry/test-components';
import { Agent, callTool, enrol, type CallResult, type Credentials } from './system/agent';
import { chainFaults, doubled, exportedRows } from './system/audit';
import { Load } from './system/load';
import { startOwnComponents, type OwnComponents } from './system/own-components';
import { PersonClient, request } from './system/person';
import { activate, liftLimits, serverPolicy } from './system/policy';
import { System } from './system/system';

const SERVER = 'upstream';
const HELD = 'get-sum';
let components: OwnComponents;
let system: System;
let admin: PersonClient;
let credentials: Credentials;

/** A whole system, so that both planes' apps are there, with two of all that may have two. */
beforeAll(async () => {
  components = await startOwnComponents();
  system = await System.start({
    args: ['--mode', 'standalone', '--no-demo', '--replicas', '2'],
    env: { BEHAVRY_DB_URL: components.postgres.url, BEHAVRY_ESCALATION_HOLD_SECONDS: '20' },
  });
  const doubledApps = APP_NAMES.filter((app) => mayHaveReplicas(app, 'standalone'));
  await eventually(
    async () => {
      for (const app of doubledApps) {
        const { status, body } = await request('GET', `${await ops(app, 2)}/health/ready`);
        expect(`${app} ${String(status)} ${JSON.stringify(body)}`).toMatch(/ 200 /);
      }
    },
    { timeoutMs: 60_000 },
  );
  admin = await PersonClient.signIn((await system.run()).planes.control!);
  await admin.must('POST', '/api/v1/mcp-servers', {
    id: SERVER,
    name: 'Upstream',
    transport: 'streamable-http',
    url: components.upstreamUrl,
    enabled: true,
  });
  await liftLimits(admin);
  const asksFor = `escalate contains {"policy": "replicas", "reason": "a person decides"} if {
	input.request.mcp_server == "${SERVER}"
	input.request.tool_name == "${HELD}"
}
`;
  await activate(admin, 'replicas', `${serverPolicy('replicas', SERVER)}\n${asksFor}`);
  credentials = await enrol(admin, 'replicas');
}, 300_000);

afterAll(async () => {
  await System.stopAll();
  await components.stop();
}, 60_000);

async function portOf(app: AppName, replica: 1 | 2): Promise<{ port: number; ops_port: number }> {
  const name = replica === 1 ? app : `${app}.2`;
  const [found] = await system.processesOf(name);
  if (found?.port === undefined || found.ops_port === undefined) throw new Error(`${name} does not run`);
  return { port: found.port, ops_port: found.ops_port };
}

const api = async (app: AppName, replica: 1 | 2): Promise<string> =>
  `http://127.0.0.1:${String((await portOf(app, replica)).port)}`;
const ops = async (app: AppName, replica: 1 | 2): Promise<string> =>
  `http://127.0.0.1:${String((await portOf(app, replica)).ops_port)}`;

/** An agent that speaks to one replica of mcp-proxy alone. */
async function agentAt(replica: 1 | 2): Promise<Agent> {
  return Agent.connect(await api('mcp-proxy', replica), credentials, admin.url);
}

it('official clients work through both replicas in turn', async () => {
  const agent = await Agent.connect(admin.url, credentials);
  const clients = await Promise.all([1, 2, 3, 4].map(() => agent.mcp(SERVER)));
  const calls = clients.flatMap((client) =>
    Array.from({ length: 10 }, (_, n) => callTool(client, 'echo', { message: String(n) })),
  );
  expect((await Promise.all(calls)).filter(({ ok }) => !ok)).toEqual([]);
  let handedOn = 0;
  for (const replica of [1, 2] as const) {
    const { body } = await request<string>('GET', `${await ops('mcp-proxy', replica)}/metrics`);
    handedOn += Number(/handed_on_total\{result="answered"\} (\d+)/.exec(body)?.[1] ?? 0);
  }
  expect(handedOn).toBeGreaterThan(0);
  await agent.close();
}, 30_000);

it('a call that one replica holds is approved through the other', async () => {
  const agent = await agentAt(2);
  const client = await agent.mcp(SERVER);
  const held = callTool(client, HELD, { a: 1, b: 2 });
  const worker = `${await api('escalation-worker', 1)}/api/v1/escalations`;
  const asAdmin = { authorization: `Bearer ${admin.token}` };
  const id = await eventually(async () => {
    const { body } = await request<{ escalations: { id: string }[] }>(
      'GET',
      `${worker}?status=pending`,
      undefined,
      asAdmin,
    );
    const [first] = body.escalations;
    if (!first) throw new Error('nothing waits yet');
    return first.id;
  });
  const approvedAt = performance.now();
  expect((await request('POST', `${worker}/${id}/approve`, {}, asAdmin)).status).toBe(200);
  expect(await held).toMatchObject({ ok: true });
  // By the notification, not by a look from time to time.
  expect(performance.now() - approvedAt).toBeLessThan(5_000);
  await agent.close();
}, 40_000);

it('a kill switch stops the agent at both', async () => {
  const clients: Client[] = [];
  const agents = [await agentAt(1), await agentAt(2)];
  for (const agent of agents) clients.push(await agent.mcp(SERVER));
  const thrown = await admin.must<{ id: string }>('POST', '/api/v1/kill-switch', {
    scope: 'mcp_server',
    target: SERVER,
    reason: 'test',
  });
  const outcomes = async (): Promise<readonly (CallResult | string)[]> =>
    Promise.all(
      clients.map((client) => callTool(client, 'echo', { message: 'x' }).catch(() => 'session ended')),
    );
  await eventually(async () => {
    for (const outcome of await outcomes()) expect(outcome).not.toMatchObject({ ok: true });
  });
  await admin.must('DELETE', `/api/v1/kill-switch/${thrown.id}`);
  await eventually(async () => {
    for (const replica of [1, 2] as const) {
      const agent = await agentAt(replica);
      expect(await callTool(await agent.mcp(SERVER), 'echo', { message: 'again' })).toMatchObject({
        ok: true,
      });
      await agent.close();
    }
  });
}, 40_000);

it('a proxy and a writer killed under load: its sessions are gone, no record is lost or doubled, the chain is whole', async () => {
  const other = await agentAt(2);
  const opened = await fetch(`${other.url}/mcp/v1/${SERVER}`, mcpRequest(other.token, INITIALIZE));
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const first = await api('mcp-proxy', 1);
  const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
  const listed = await fetch(`${first}/mcp/v1/${SERVER}`, mcpRequest(other.token, list, session));
  expect(listed.status).toBe(200);

  const agent = await Agent.connect(admin.url, credentials);
  const load = new Load(agent, SERVER, 'replicas');
  const more = async (count: number): Promise<void> => {
    const before = load.answers;
    await eventually(() => expect(load.answers).toBeGreaterThan(before + count), { timeoutMs: 30_000 });
  };
  await more(40);
  const writer = await system.kill('audit-writer');
  await more(40);
  const proxy = await system.kill('mcp-proxy.2');
  // What reaches its last breath may be answered 502: nobody knows what became of it.
  await eventually(async () => {
    const gone = await fetch(`${first}/mcp/v1/${SERVER}`, mcpRequest(other.token, list, session));
    expect(gone.status).toBe(404);
  });
  await more(40);
  await system.restarted('mcp-proxy.2', proxy);
  await system.restarted('audit-writer', writer);
  await more(40);
  const { answered } = await load.stop();
  await agent.close();

  await eventually(
    async () => {
      const rows = await exportedRows(admin);
      const ids = new Set(rows.map(({ id }) => id));
      expect(answered.filter((id) => !ids.has(id))).toEqual([]);
      expect(doubled(rows)).toEqual([]);
      expect(chainFaults(rows)).toEqual([]);
    },
    { timeoutMs: 30_000, everyMs: 500 },
  );
  for (const replica of [1, 2] as const) {
    const url = `${await api('audit-writer', replica)}/api/v1/audit/verify`;
    const { body } = await request('GET', url, undefined, { authorization: `Bearer ${admin.token}` });
    expect(body).toMatchObject({ ok: true });
  }
}, 120_000);

const INITIALIZE = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'e2e', version: '1' } },
};

function mcpRequest(token: string, body: object, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    body: JSON.stringify(body),
  };
}
