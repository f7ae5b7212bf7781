import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { eventually, startOtlpReceiver, type OtlpReceiver } from '@behavry/test-components';
import { Agent, callTool, enrol, type Credentials } from './system/agent';
import { chainFaults, doubled, exportedRows } from './system/audit';
import { runDemo } from './system/demo';
import { PersonClient, request } from './system/person';
import { activate, edit, serverPolicy } from './system/policy';
import { probeRoutes, wrongRoutes } from './system/routes';
import { isAlive, System } from './system/system';

let system: System;
let collector: OtlpReceiver;
let person: PersonClient;
let credentials: Credentials;
let agent: Agent;
let everything: Client;

beforeAll(async () => {
  collector = await startOtlpReceiver();
  system = await System.start({
    env: { BEHAVRY_OTEL_ENDPOINT: collector.url, BEHAVRY_OTEL_SAMPLE: '1' },
  });
  person = await PersonClient.signIn((await system.run()).planes.data!);
  credentials = await enrol(person, 'standalone journey');
  agent = await Agent.connect(person.url, credentials);
  everything = await agent.mcp('everything');
}, 240_000);

afterAll(async () => {
  await System.stopAll();
  await collector.stop();
}, 60_000);

it('the demo walks through a standalone system', async () => {
  const { exitCode, output } = await runDemo(system);
  expect(`${exitCode}\n${output}`).toMatch(/^0\n/);
  // Six seconds are promised on a quiet machine; this one may be busy with other tests.
  expect(Number(/promised \((\d+\.\d) s\)/.exec(output)?.[1])).toBeLessThan(15);
}, 120_000);

it('every route group reaches its app', async () => {
  expect(wrongRoutes(await probeRoutes(person.url, 'standalone'))).toEqual([]);
});

it('paths that could be read in two ways are refused', async () => {
  for (const path of [
    '/api/v1/audit/%2e%2e/policies',
    '/api/v1//policies',
    '/mcp/v1%2feverything',
    '/internal/claims',
    '/metrics',
  ]) {
    expect((await request('GET', `${person.url}${path}`)).status).toBeGreaterThanOrEqual(400);
  }
});

it('a policy that is edited is enforced with the next call, and the record names its revision', async () => {
  const name = 'e2e_edit';
  expect(await callTool(everything, 'get-sum', { a: 2, b: 3 })).toMatchObject({ ok: true });
  const { id } = await activate(person, name, serverPolicy(name, 'everything', ['get-sum']));
  await eventually(async () =>
    expect((await callTool(everything, 'get-sum', { a: 2, b: 3 })).ok).toBe(false),
  );
  const denied = await callTool(everything, 'get-sum', { a: 2, b: 3 });
  expect(denied).toMatchObject({
    ok: false,
    code: -31403,
    data: { reason_code: 'policy_deny', policy: expect.stringContaining(name) },
  });
  const decisionId = denied.ok ? '' : String(denied.data['decision_id']);
  await eventually(async () => {
    const { body } = await person.get<{ events: { verdict: string; bundle_revision: string }[] }>(
      `/api/v1/audit/events?id=${decisionId}`,
    );
    expect(body.events).toEqual([
      expect.objectContaining({ verdict: 'deny', bundle_revision: expect.stringMatching(/^\d{8}T\d{6}Z$/) }),
    ]);
  });
  await edit(person, id, name, serverPolicy(name, 'everything'));
  await eventually(async () => expect((await callTool(everything, 'get-sum', { a: 2, b: 3 })).ok).toBe(true));
  await person.must('POST', `/api/v1/policies/${id}/archive`, {});
}, 60_000);

it('a call is one trace, from the context that the edge hands on to the row', async () => {
  const traceId = '0af7651916cd43dd8448eb211c80319c';
  const post = (method: string, params: object, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${person.url}/mcp/v1/everything`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${agent.token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        traceparent: `00-${traceId}-b7ad6b7169203331-00`,
        ...headers,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
  const clientInfo = { name: 'traced', version: '1' };
  const opened = await post('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  const session = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  const called = await post('tools/call', { name: 'echo', arguments: { message: 'x' } }, session);
  const id = called.headers.get('x-behavry-decision');
  await called.text();
  const exchange = await eventually(() => {
    const own = collector.spans.find(
      ({ kind, attributes }) => kind === 2 && attributes['behavry.decision.id'] === id,
    );
    if (!own) throw new Error('the exchange is not there yet');
    return own;
  });
  expect(exchange).toMatchObject({ app: 'mcp-proxy', traceId, name: 'tools/call echo' });
  const spans = await collector.trace(traceId, 'process audit.events.v1');
  const http = spans.find(({ spanId }) => spanId === exchange.parentSpanId);
  expect(http).toMatchObject({ kind: 2, parentSpanId: 'b7ad6b7169203331' });
  const inside = spans.filter(({ parentSpanId }) => parentSpanId === exchange.spanId);
  expect(inside.map(({ app, name }) => `${app} ${name}`)).toEqual(
    expect.arrayContaining(['mcp-proxy decide', 'mcp-proxy record', 'mcp-proxy tools/call echo']),
  );
  await eventually(() => {
    const row = collector.spans.find(
      ({ app, parentSpanId }) => app === 'audit-writer' && parentSpanId === exchange.spanId,
    );
    expect(row?.attributes['behavry.decision.id']).toBe(id);
  });
}, 60_000);

it('a policy that does not compile is refused and changes nothing', async () => {
  const content = 'package behavry.base.e2e_broken\n\nallow contains x if { http.send({}) }\n';
  const { body } = await person.send<{ ok: boolean; errors: unknown[] }>('POST', '/api/v1/policies/check', {
    content,
    category: 'base',
  });
  expect(body.ok).toBe(false);
  expect(body.errors.length).toBeGreaterThan(0);
});

it('a kill switch stops an agent, and lifting it lets the agent go on', async () => {
  const { id } = await person.must<{ id: string }>('POST', '/api/v1/kill-switch', {
    scope: 'agent',
    target: credentials.agent_id,
    reason: 'test',
  });
  await eventually(async () => {
    const result = await callTool(await agent.mcp('everything').catch(() => everything), 'echo', {
      message: 'x',
    });
    expect(result).toMatchObject({ ok: false, data: { reason_code: 'kill_switch' } });
  });
  await person.must('DELETE', `/api/v1/kill-switch/${id}`);
  await eventually(async () => {
    const client = await agent.mcp('everything');
    expect((await callTool(client, 'echo', { message: 'x' })).ok).toBe(true);
    everything = client;
  });
}, 60_000);

it('a secret in an argument is blocked and stands in no log and no record', async () => {
  const secret = `AKIAQ3EGRIP5WLXNTB7D`;
  const result = await callTool(everything, 'echo', { message: `the key is ${secret}` });
  expect(result).toMatchObject({ ok: false, code: -31403, data: { reason_code: 'dlp_blocked' } });
  await eventually(async () => {
    const rows = await exportedRows(person);
    expect(rows.some(({ reason_code: code }) => code === 'dlp_blocked')).toBe(true);
    expect(JSON.stringify(rows)).not.toContain(secret);
  });
  expect(system.logs()).not.toContain(secret);
  expect(collector.bodies.join('')).not.toContain(secret);
});

it('a suspended agent is refused although its token is still good', async () => {
  const other = await enrol(person, 'to be suspended');
  const its = await Agent.connect(person.url, other);
  const client = await its.mcp('everything');
  expect((await callTool(client, 'echo', { message: 'x' })).ok).toBe(true);
  await person.must('POST', `/api/v1/agents/${other.agent_id}/suspend`, {});
  await eventually(async () => {
    const result = await callTool(client, 'echo', { message: 'x' }).catch(() => ({ ok: false }));
    expect(result.ok).toBe(false);
  });
  expect(
    (
      await request('POST', `${person.url}/api/v1/auth/token`, {
        grant_type: 'client_credentials',
        client_id: other.client_id,
        client_secret: other.client_secret,
      })
    ).status,
  ).toBe(403);
});

it('the record is one chain without gaps, and no log holds a credential', async () => {
  await eventually(async () => {
    const { body } = await person.get<{ ok: boolean }>('/api/v1/audit/verify');
    expect(body.ok).toBe(true);
  });
  const rows = await exportedRows(person);
  expect(rows.length).toBeGreaterThan(5);
  expect(chainFaults(rows)).toEqual([]);
  expect(doubled(rows)).toEqual([]);
  const logs = system.logs();
  const { planes, demo } = await system.run();
  for (const secret of [
    agent.token,
    person.token,
    credentials.client_secret,
    planes.data!.admin.password,
    demo!.agent.client_secret,
  ]) {
    expect(logs.includes(secret)).toBe(false);
  }
});

it('a second start keeps the data; a killed runner is cleaned up after; a stop leaves nothing behind', async () => {
  const before = await exportedRows(person);
  await agent.close();
  const first = await system.run();
  expect(await system.stop()).toBe(0);
  await eventually(() => expect(first.processes.filter(({ pid }) => isAlive(pid))).toEqual([]));

  system = await System.start({ port: system.port, dataDir: system.dataDir });
  const second = await system.run();
  person = await PersonClient.signIn(second.planes.data!);
  expect((await exportedRows(person)).slice(0, before.length).map(({ hash }) => hash)).toEqual(
    before.map(({ hash }) => hash),
  );
  system.process.kill('SIGKILL');

  system = await System.start({ port: system.port, dataDir: system.dataDir });
  expect(second.processes.filter(({ pid }) => isAlive(pid))).toEqual([]);
  const third = await system.run();
  expect(await system.stop()).toBe(0);
  await eventually(() => expect(third.processes.filter(({ pid }) => isAlive(pid))).toEqual([]));
}, 240_000);
