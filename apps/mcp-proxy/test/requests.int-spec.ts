import { gzipSync } from 'node:zlib';
import { PlaneSignalBus } from '@behavry/platform';
import { agentEntry, bearer, describeWithOpa, eventually, keyedAgent, putAsOwner } from '@behavry/testing';
import { request } from 'undici';
import { governedServer } from './governed-server';
import { callTool, initialize } from './running-proxy';

const TRACE = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

describeWithOpa('requests to a governed MCP server', () => {
  const its = governedServer();

  describe('what the server sees', () => {
    it('is the message byte for byte, its own Host and credential, and nothing of the agent', async () => {
      const body =
        '{ "jsonrpc":"2.0", "id":"é", "method":"tools/call","params":{"name":"echo","arguments":{"n":1.50}} }';
      const { status, json, headers } = await its.proxy.post('rec', body, {
        ...its.session,
        cookie: 'c=1',
        'x-own': 'y',
        traceparent: TRACE,
      });
      expect([status, json.id]).toEqual([200, 'é']);
      expect(headers['x-behavry-decision']).toMatch(/^[0-9a-f-]{36}$/);
      const [seen] = its.upstream.seen;
      // All but the id, which is this hop's own.
      expect(seen?.body.replace(/"id":\d+/, '"id":"é"')).toBe(body);
      expect(seen?.headers).toMatchObject({
        host: its.upstream.host,
        authorization: 'from-file',
        'x-plain': 'plain',
        'mcp-session-id': 'upstream-session',
        'mcp-protocol-version': '2025-11-25',
        traceparent: TRACE,
        'accept-encoding': 'identity',
      });
      const token = its.session['authorization'] ?? '';
      expect(JSON.stringify(seen)).not.toContain(token.slice(7));
      expect(Object.keys(seen?.headers ?? {})).not.toEqual(expect.arrayContaining(['cookie']));
      expect(seen?.headers['x-own']).toBeUndefined();
      expect(its.session['mcp-session-id']).not.toBe('upstream-session');
    });

    it("is the client's own capabilities, and the client gets the server's", async () => {
      const { json } = await its.proxy.post('rec', initialize());
      expect(JSON.parse(its.upstream.seen[0]?.body ?? '')).toEqual({ ...initialize(), id: 1 });
      expect(json.result).toMatchObject({
        instructions: 'kept',
        capabilities: { experimental: { kept: {} } },
        serverInfo: { extra: 'kept' },
      });
    });
  });

  describe('requests of the wrong form', () => {
    const ping = { jsonrpc: '2.0', id: 1, method: 'ping' };
    it.each<[string, number, number | undefined, object | string | Buffer, Record<string, string>]>([
      ['a batch', 400, -32600, [ping], {}],
      ['a duplicate key', 400, -32600, '{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/call"}', {}],
      [
        'an escaped duplicate key',
        400,
        -32600,
        '{"jsonrpc":"2.0","id":1,"method":"ping","\\u006dethod":"x"}',
        {},
      ],
      ['a look-alike key', 400, -32600, { ...ping, Method: 'tools/call' }, {}],
      [
        'a look-alike parameter',
        400,
        -32600,
        { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', Name: 'get-env' } },
        {},
      ],
      ['broken JSON', 400, -32700, '{"jsonrpc"', {}],
      ['no JSON-RPC', 400, -32600, { hello: 1 }, {}],
      ['an id that is null', 400, -32600, { ...ping, id: null }, {}],
      ['a compressed body', 415, -32600, gzipSync(JSON.stringify(ping)), { 'content-encoding': 'gzip' }],
      ['plain text', 415, -32600, JSON.stringify(ping), { 'content-type': 'text/plain' }],
      ['JSON only', 406, -32600, ping, { accept: 'application/json' }],
      ['an unknown protocol version', 400, -32600, ping, { 'mcp-protocol-version': '1900-01-01' }],
      ['an evil Origin', 403, -32600, ping, { origin: 'https://evil.example' }],
      ['an evil Host', 403, -32600, ping, { host: 'evil.example' }],
      ['a tool without a name', 200, -32602, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} }, {}],
      ['a body above the limit', 413, -32600, { ...ping, params: { x: 'y'.repeat(70_000) } }, {}],
    ])('%s: %i, and nothing is forwarded', async (_name, status, code, body, headers) => {
      const answered = await its.proxy.post('rec', body, { ...its.session, ...headers });
      expect([answered.status, answered.json.error?.code]).toEqual([status, code]);
      expect(its.upstream.seen).toEqual([]);
    });

    it.each([
      ['a loopback origin', { origin: 'http://localhost:3000' }],
      ['a known host', { host: 'agents.example.com:8000' }],
    ])('%s is fine', async (_name, headers) => {
      expect((await its.proxy.post('rec', ping, { ...its.session, ...headers })).status).toBe(200);
    });
  });

  describe('who may call', () => {
    it.each<[string, () => Record<string, string>]>([
      ['no token', () => ({})],
      ['a broken token', () => ({ authorization: 'Bearer x.y.z' })],
      ["a person's token", () => bearer(its.proxy.issuer.personToken(['admin'], { sub: 'a1' }))],
      ['an expired token', () => bearer(its.proxy.issuer.agentToken('a1', { exp: 1 }))],
      ["another tenant's token", () => bearer(its.proxy.issuer.agentToken('a1', { tenant_id: 'other' }))],
      ['an agent that is not known', () => its.proxy.bearer('nobody')],
    ])('%s: 401 with a challenge', async (_name, headersOf) => {
      const { status, headers: said } = await its.proxy.post('rec', initialize(), headersOf());
      expect([status, said['www-authenticate']]).toEqual([
        401,
        expect.stringContaining('Bearer realm="behavry"'),
      ]);
    });

    it('an agent enrolled a moment ago, once its configuration arrives', async () => {
      const unwatch = its.proxy.app.get(PlaneSignalBus).on('config.wanted', () => {
        void its.proxy.configure({ agents: ['a1', 'a2', 'new'].map((id) => agentEntry(id)) });
      });
      await eventually(async () => {
        expect((await its.proxy.post('rec', initialize(), its.proxy.bearer('new'))).status).toBe(200);
      });
      unwatch();
    });

    it('an agent by its key, as long as its secret is the one that counts', async () => {
      const { entry, key } = keyedAgent('keyed');
      const others = ['a1', 'a2'].map((id) => agentEntry(id));
      const bearer = { authorization: `Bearer ${key}` };
      const unwatch = its.proxy.app.get(PlaneSignalBus).on('config.wanted', () => {
        void its.proxy.configure({ agents: [...others, entry] });
      });
      const opened = await its.proxy.post('rec', initialize(), bearer);
      unwatch();
      expect(opened.status).toBe(200);
      const session = { ...bearer, 'mcp-session-id': String(opened.headers['mcp-session-id']) };
      expect((await its.proxy.post('rec', callTool('echo'), session)).status).toBe(200);
      expect((await its.proxy.post('rec', initialize(), { authorization: `${key}x` })).status).toBe(401);
      await its.proxy.configure({ agents: [...others, keyedAgent('keyed').entry] });
      expect((await its.proxy.post('rec', callTool('echo'), session)).status).toBe(401);
      for (const line of its.proxy.log) expect(line).not.toContain(key.split('.')[1]);
      await its.proxy.configure({ agents: others });
    });

    it('not with the session of another agent, and not without one', async () => {
      const call = callTool('echo');
      const { 'mcp-session-id': id = '', ...without } = its.session;
      expect(
        (await its.proxy.post('rec', call, { ...its.proxy.bearer('a2'), 'mcp-session-id': id })).status,
      ).toBe(404);
      expect((await its.proxy.post('rec', call, without)).status).toBe(400);
      expect(
        (await its.proxy.post('rec', call, { ...its.session, 'mcp-session-id': 'nonsense' })).status,
      ).toBe(404);
      expect(its.upstream.seen).toEqual([]);
    });

    it('a suspended agent is told so, and its sessions end', async () => {
      const own = await its.proxy.open('rec', 'a2');
      await its.proxy.configure({ agents: [agentEntry('a1'), { ...agentEntry('a2'), status: 'suspended' }] });
      const { json } = await its.proxy.post('rec', callTool('echo'), own);
      expect(json.error).toMatchObject({ code: -31403, data: { reason_code: 'agent_suspended' } });
      await its.proxy.configure({ agents: [agentEntry('a1'), agentEntry('a2')] });
      expect((await its.proxy.post('rec', callTool('echo'), own)).status).toBe(404);
    });

    it('a revoked session gets 401', async () => {
      const own = await its.proxy.open('rec', 'a2');
      await putAsOwner(its.proxy.app, 'sessions.ended', {
        sessions: { 'session-of-a2': '2026-01-01T00:00:00.000Z' },
      });
      expect((await its.proxy.post('rec', callTool('echo'), own)).status).toBe(401);
      await putAsOwner(its.proxy.app, 'sessions.ended', { sessions: {} });
    });
  });

  it.each([
    ['nowhere', 404],
    ['off', 404],
    ['', 501],
    ['a/b/c', 404],
  ])('server "%s" answers %i', async (server, status) => {
    expect((await its.proxy.post(server, initialize())).status).toBe(status);
  });

  it.each(['gone', 'nosecret', 'escape', 'moved', 'metadata', 'own', 'cmd'])(
    'server "%s" cannot be reached: an error that clients understand',
    async (server) => {
      const { status, json, headers } = await its.proxy.post(server, initialize(7));
      expect([status, json.id]).toEqual([200, 7]);
      expect(json.error).toMatchObject({ code: -31503, data: { reason_code: 'upstream_error' } });
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
        { action: 'initialize' },
        { outcome: 'upstream_error' },
      ]);
    },
  );

  it('DELETE ends the session on both sides', async () => {
    const end = (): Promise<{ statusCode: number }> =>
      request(`${its.proxy.url}/mcp/v1/rec`, { method: 'DELETE', headers: its.session });
    expect((await end()).statusCode).toBe(200);
    expect(its.upstream.seen.at(-1)).toMatchObject({
      method: 'DELETE',
      headers: { 'mcp-session-id': 'upstream-session' },
    });
    expect((await end()).statusCode).toBe(404);
    expect(
      (await request(`${its.proxy.url}/mcp/v1/rec`, { method: 'PUT', headers: its.session })).statusCode,
    ).toBe(405);
  });

  it('DELETE of a suspended agent is refused as its calls are, and leaves a row', async () => {
    const own = await its.proxy.open('rec', 'a2');
    await its.proxy.configure({ agents: [agentEntry('a1'), { ...agentEntry('a2'), status: 'suspended' }] });
    const end = { method: 'DELETE', headers: own } as const;
    const { headers, statusCode } = await request(`${its.proxy.url}/mcp/v1/rec`, end);
    expect(statusCode).toBe(403);
    await eventually(() => {
      expect(its.proxy.entries.find(({ id }) => id === headers['x-behavry-decision'])).toMatchObject({
        type: 'whole',
        agent_id: 'a2',
        verdict: 'deny',
        reason_code: 'agent_suspended',
      });
    });
    await its.proxy.configure({ agents: [agentEntry('a1'), agentEntry('a2')] });
  });

  it('a session that the server forgot is 404 for the client, which opens a new one', async () => {
    its.upstream.behaviour = (_recorded, response) => {
      response.writeHead(404).end();
    };
    expect((await its.proxy.post('rec', callTool('echo'), its.session)).status).toBe(404);
    expect((await its.proxy.post('rec', callTool('echo'), its.session)).status).toBe(404);
    expect(its.upstream.seen).toHaveLength(1);
  });
});
