import { ServiceContext } from '@behavry/platform';
import { describeWithOpa, eventually } from '@behavry/testing';
import { request } from 'undici';
import { governedServer } from './governed-server';
import { idOf, stream } from './recording-upstream';
import { callTool } from './running-proxy';

const EVENTS = { accept: 'text/event-stream' };

describeWithOpa('a governed MCP server', () => {
  const its = governedServer();

  describe('a call that a person must decide', () => {
    const sum = callTool('get-sum', { a: 1, b: 2 });

    it('is pending at first, with the escalation to wait for', async () => {
      its.proxy.claims.answer = () => ({
        state: 'pending',
        escalation_id: 'e9',
        expires_at: '2030-01-01T00:00:00.000Z',
      });
      const { status, json, headers } = await its.proxy.post('rec', sum, its.session);
      expect([status, json.error?.code]).toEqual([200, -31409]);
      expect(json.error?.data).toMatchObject({
        reason_code: 'escalation_pending',
        escalation_id: 'e9',
        policy: 'behavry.base.tests',
      });
      expect(its.proxy.claims.claims.at(-1)).toMatchObject({
        agent_id: 'a1',
        server: 'rec',
        tool: 'get-sum',
        arguments: { a: 1, b: 2 },
        hold_ms: 1000,
      });
      expect(its.upstream.seen).toEqual([]);
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
        { verdict: 'escalate' },
        { outcome: 'pending' },
      ]);
    });

    it('goes on once approved', async () => {
      its.proxy.claims.answer = () => ({ state: 'approved', escalation_id: 'e9' });
      const { json, headers } = await its.proxy.post('rec', sum, its.session);
      expect(json.result).toEqual({ content: [] });
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
        { verdict: 'allow', reason_code: 'escalation_approved', extra: { escalation_id: 'e9' } },
        { outcome: 'ok' },
      ]);
    });

    it('ends at once when a kill switch falls while it is held', async () => {
      its.proxy.claims.answer = () => new Promise(() => undefined);
      const asked = its.proxy.claims.claims.length;
      const held = its.proxy.post('rec', sum, its.session);
      await eventually(() => {
        expect(its.proxy.claims.claims).toHaveLength(asked + 1);
      });
      await its.proxy.configure({
        kill_switches: [{ id: 'k', scope: 'tool', target: 'get-sum', reason: 'drill' }],
      });
      expect((await held).json.error).toMatchObject({ code: -31403, data: { reason_code: 'kill_switch' } });
      await its.proxy.configure({ kill_switches: [] });
    });
  });

  describe('streams', () => {
    it('are ended by a kill switch, with a word to the call under way, and the server is let go', async () => {
      let hasEnded = false;
      its.upstream.behaviour = ({ method }, response) => {
        stream(response, { method: 'notifications/message', params: { level: 'info', data: method } });
        response.once('close', () => {
          hasEnded = true;
        });
      };
      const listening = await request(`${its.proxy.url}/mcp/v1/rec`, {
        headers: { ...its.session, ...EVENTS },
      });
      expect(listening.statusCode).toBe(200);
      const calling = its.proxy.post('rec', callTool('echo'), its.session);
      await eventually(() => {
        expect(its.upstream.seen).toHaveLength(2);
      });
      const started = performance.now();
      await its.proxy.configure({
        kill_switches: [{ id: 'k', scope: 'agent', target: 'a1', reason: 'drill' }],
      });
      const { json, headers } = await calling;
      await listening.body.text();
      expect(performance.now() - started).toBeLessThan(1_000);
      expect(json.error).toMatchObject({ code: -31403, data: { reason_code: 'kill_switch' } });
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
        {},
        { outcome: 'aborted', error: 'kill_switch' },
      ]);
      await eventually(() => {
        expect(hasEnded).toBe(true);
      });
      await its.proxy.configure({ kill_switches: [] });
    });

    it('are not offered by every server', async () => {
      its.upstream.behaviour = (_recorded, response) => {
        response.writeHead(405).end();
      };
      const { statusCode, headers } = await request(`${its.proxy.url}/mcp/v1/rec`, {
        headers: { ...its.session, ...EVENTS },
      });
      expect([statusCode, headers['allow']]).toEqual([405, 'GET, POST, DELETE']);
      expect(
        (await request(`${its.proxy.url}/mcp/v1/rec`, { headers: { ...its.session, accept: 'text/html' } }))
          .statusCode,
      ).toBe(406);
    });

    it('keep event ids and the hint when to come back, and resume from one', async () => {
      its.upstream.behaviour = (_recorded, response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.end('id: e-1\nretry: 50\ndata: \n\n');
      };
      const { text } = await its.proxy.post('rec', callTool('echo'), its.session);
      expect(text).toContain('id: e-1\ndata: \n\n');
      expect(text).toContain('retry: 50\n');
      const resumed = await request(`${its.proxy.url}/mcp/v1/rec`, {
        headers: { ...its.session, ...EVENTS, 'last-event-id': 'e-1' },
      });
      await resumed.body.text();
      expect(its.upstream.seen.at(-1)).toMatchObject({ method: 'GET', headers: { 'last-event-id': 'e-1' } });
    });

    it("a server's own requests are decided, and only what was asked may be answered", async () => {
      let finish: () => void = () => undefined;
      its.upstream.behaviour = ({ body }, response) => {
        if (!body.includes('tools/call')) {
          response.writeHead(202).end();
          return;
        }
        stream(
          response,
          { id: 5, method: 'sampling/createMessage', params: { messages: [] } },
          { id: 6, method: 'vendor/unheard-of', params: {} },
        );
        finish = () =>
          response.end(`data: ${JSON.stringify({ jsonrpc: '2.0', id: idOf(body), result: {} })}\n\n`);
      };
      const calling = its.proxy.post('rec', callTool('echo'), its.session);
      // The one that policy denies is answered by the proxy itself.
      await eventually(() => {
        expect(its.upstream.seen.map(({ body }) => body).join()).toContain('"id":6,"error":{"code":-31403');
      });
      const reply = (id: number): Promise<{ status: number }> =>
        its.proxy.post('rec', { jsonrpc: '2.0', id, result: { role: 'assistant' } }, its.session);
      // The server's own ids mean nothing here: the client was shown ours, the third of this session.
      expect((await reply(5)).status).toBe(400);
      expect((await reply(3)).status).toBe(202);
      expect((await reply(3)).status).toBe(400);
      finish();
      const { text } = await calling;
      expect(text).toContain('sampling/createMessage');
      expect(text).not.toContain('unheard-of');
      const answers = its.upstream.seen.filter(({ body }) => body.includes('assistant'));
      expect(answers.map(({ body }) => idOf(body))).toEqual([5]);
    });
  });

  it('a client that goes away ends the call upstream and the record says so', async () => {
    let hasEnded = false;
    its.upstream.behaviour = (_recorded, response) => {
      response.once('close', () => {
        hasEnded = true;
      });
    };
    const abort = new AbortController();
    const before = new Set(its.proxy.entries.map(({ id }) => id));
    const calling = request(`${its.proxy.url}/mcp/v1/rec`, {
      method: 'POST',
      signal: abort.signal,
      body: JSON.stringify(callTool('echo')),
      headers: {
        ...its.session,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
    });
    await eventually(() => {
      expect(its.upstream.seen).toHaveLength(1);
    });
    abort.abort();
    await expect(calling).rejects.toThrow();
    await eventually(() => {
      expect(hasEnded).toBe(true);
      const outcomes = its.proxy.entries.filter((entry) => !before.has(entry.id) && entry.type === 'outcome');
      expect(outcomes).toContainEqual(
        expect.objectContaining({ outcome: 'aborted', error: 'client_aborted' }),
      );
    });
  });

  it('a failing server is an error that names the decision', async () => {
    its.upstream.behaviour = (_recorded, response) => {
      response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>inner detail</h1>');
    };
    const { status, json, text } = await its.proxy.post('rec', callTool('echo'), its.session);
    expect([status, json.error?.code]).toEqual([200, -31503]);
    expect(text).not.toContain('inner detail');
  });

  it("a server's own JSON-RPC error passes unchanged", async () => {
    its.upstream.behaviour = ({ body }, response) => {
      const { id } = JSON.parse(body) as { id: unknown };
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32002, message: 'no', data: { x: 1 } } }));
    };
    const { json } = await its.proxy.post('rec', callTool('echo'), its.session);
    expect(json.error).toEqual({ code: -32002, message: 'no', data: { x: 1 } });
  });

  it('an answer with another id is none', async () => {
    its.upstream.behaviour = (_recorded, response) => {
      response.setHeader('content-type', 'application/json').end('{"jsonrpc":"2.0","id":99,"result":{}}');
    };
    expect((await its.proxy.post('rec', callTool('echo'), its.session)).json.error?.code).toBe(-31503);
  });

  it('above the rate limit the agent hears when to come back', async () => {
    await its.proxy.configure({
      rate_limits: { agent_per_minute: 2, tenant_per_minute: null, agent_concurrency: null },
    });
    const own = await its.proxy.open('rec', 'a2');
    const answers = [];
    for (let n = 0; n < 3; n++) answers.push(await its.proxy.post('rec', callTool('echo'), own));
    await its.proxy.configure({
      rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
    });
    expect(answers.map(({ json }) => json.error?.code)).toEqual([undefined, undefined, -31429]);
    expect(answers[2]?.headers['retry-after']).toMatch(/^\d+$/);
  });

  it('unknown methods are decided as such', async () => {
    const { json, headers } = await its.proxy.post(
      'rec',
      { jsonrpc: '2.0', id: 1, method: 'vendor/x', params: {} },
      its.session,
    );
    expect(json.error?.code).toBe(-31403);
    expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
      { action: 'unknown', tool: 'vendor/x', verdict: 'deny' },
      {},
    ]);
  });

  it('is ready with configuration, keys and a policy', async () => {
    await eventually(() => {
      expect(its.proxy.app.get<ServiceContext>(ServiceContext).health.report()).toMatchObject({
        ready: true,
        checks: { config: {}, issuers: {}, policy: {} },
      });
    });
  });

  // Last: from here on there is no policy engine.
  it('without OPA every call is denied and recorded, and protocol traffic passes', async () => {
    await its.proxy.opa.stop();
    const { status, json, headers } = await its.proxy.post('rec', callTool('echo'), its.session);
    expect([status, json.error?.code, json.error?.data['reason_code']]).toEqual([
      200,
      -31403,
      'opa_unreachable',
    ]);
    expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
      { verdict: 'deny', reason_code: 'opa_unreachable' },
      { outcome: 'refused' },
    ]);
    expect(
      (await its.proxy.post('rec', { jsonrpc: '2.0', id: 1, method: 'ping' }, its.session)).json.result,
    ).toBeDefined();
    expect(its.upstream.seen).toHaveLength(1);
  });
});
