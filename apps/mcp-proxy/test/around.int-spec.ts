// Ways around the guarded exchange that an agent or a server may try; each is closed.
import { spawnSync } from 'node:child_process';
import { describeWithOpa, eventually } from '@behavry/testing';
import { request } from 'undici';
import { governedServer } from './governed-server';
import { answer, idOf, stream } from './recording-upstream';
import { callTool, initialize } from './running-proxy';

const SECRET = `ghp_${'a1B2'.repeat(9)}`;
const RESULT = { content: [{ type: 'text', text: SECRET }] };
const EVENTS = { accept: 'text/event-stream' };

describeWithOpa('around a governed MCP server', () => {
  const its = governedServer();
  const send = (
    method: string,
    params: object,
    more: object = { id: 1 },
  ): ReturnType<typeof its.proxy.post> =>
    its.proxy.post('rec', { jsonrpc: '2.0', method, params, ...more }, its.session);

  describe('a call without an id', () => {
    it.each(['tools/call', 'resources/read', 'prompts/get', 'ping', 'vendor/x'])(
      '%s is refused and recorded, and reaches nobody',
      async (method) => {
        const { status, headers } = await send(method, { name: 'delete_everything', uri: 'x:y' }, {});
        expect(status).toBe(400);
        expect(its.upstream.seen).toEqual([]);
        const [row] = await its.rows(headers['x-behavry-decision']);
        expect(row).toMatchObject({ verdict: 'deny', reason_code: 'method_unknown' });
      },
    );

    it('an unknown notification is decided and recorded', async () => {
      const { status, headers } = await send('notifications/vendor', { a: 1 }, {});
      expect(status).toBe(403);
      expect(its.upstream.seen).toEqual([]);
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([
        { action: 'unknown', tool: 'notifications/vendor', verdict: 'deny' },
        {},
      ]);
    });
  });

  describe('an id that is used twice', () => {
    it('never moves an answer to another exchange', async () => {
      const held: (() => void)[] = [];
      its.upstream.behaviour = ({ body }, response) => {
        if (body.includes('"ping"')) answer(response, body, {});
        else
          held.push(() => {
            answer(response, body, RESULT);
          });
      };
      const calling = its.proxy.post('rec', callTool('echo', {}, 5), its.session);
      await eventually(() => {
        expect(held).toHaveLength(1);
      });
      const pinged = await send('ping', {}, { id: 5 });
      expect(pinged.json).toEqual({ jsonrpc: '2.0', id: 5, result: {} });
      held[0]?.();
      const { json, text } = await calling;
      expect(json).toMatchObject({ id: 5, error: { data: { reason_code: 'dlp_inbound_blocked' } } });
      expect(text).not.toContain(SECRET);
    });

    it('is another one upstream', async () => {
      await its.proxy.post('rec', callTool('echo', {}, 'same'), its.session);
      await its.proxy.post('rec', callTool('echo', {}, 'same'), its.session);
      const ids = its.upstream.seen.map(({ body }) => idOf(body));
      expect(new Set(ids).size).toBe(2);
      expect(ids.every(Number.isSafeInteger)).toBe(true);
    });
  });

  describe('a listening stream', () => {
    const listen = (headers: Record<string, string> = {}): ReturnType<typeof request> =>
      request(`${its.proxy.url}/mcp/v1/rec`, { headers: { ...its.session, ...EVENTS, ...headers } });

    /** Makes a call whose client goes away. @returns the id that it has upstream */
    async function brokenCall(tool: string): Promise<unknown> {
      its.upstream.behaviour = (_recorded, response) => {
        response.setHeader('content-type', 'text/event-stream');
        response.write('id: e-1\ndata: \n\n');
      };
      const abort = new AbortController();
      const calling = request(`${its.proxy.url}/mcp/v1/rec`, {
        method: 'POST',
        signal: abort.signal,
        body: JSON.stringify(callTool(tool)),
        headers: {
          ...its.session,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
        },
      });
      const { body } = await calling;
      await new Promise((first) => body.once('data', first));
      const id = idOf(its.upstream.seen[0]?.body ?? '');
      body.on('error', () => undefined);
      abort.abort();
      await eventually(() => {
        expect(its.proxy.entries).toContainEqual(
          expect.objectContaining({ type: 'outcome', error: 'client_aborted' }),
        );
      });
      return id;
    }

    it('gives the answer of a broken call as the call would have: scanned and recorded', async () => {
      const id = await brokenCall('echo');
      its.upstream.behaviour = (_recorded, response) => {
        stream(response, { id, result: RESULT });
        response.end();
      };
      const before = its.proxy.entries.length;
      const text = await (await listen({ 'last-event-id': 'e-1' })).body.text();
      expect(text).toContain('dlp_inbound_blocked');
      expect(text).not.toContain(SECRET);
      await eventually(() => {
        expect(its.proxy.entries.slice(before)).toContainEqual(
          expect.objectContaining({
            action: 'deliver',
            extra: expect.objectContaining({ delivers: expect.any(String) }),
          }),
        );
        expect(its.proxy.entries.slice(before)).toContainEqual(
          expect.objectContaining({ type: 'outcome', error: 'dlp_inbound_blocked' }),
        );
      });
    });

    it('keeps the obligations of that call', async () => {
      const id = await brokenCall('get-tiny-image'); // at most 100 bytes
      its.upstream.behaviour = (_recorded, response) => {
        stream(response, { id, result: { content: [{ type: 'text', text: 'x'.repeat(200) }] } });
        response.end();
      };
      const text = await (await listen({ 'last-event-id': 'e-1' })).body.text();
      expect(text).toContain('result_too_large');
      expect(text).not.toContain('xxxx');
    });

    it('gives nothing that belongs to no open call, and no news with secrets', async () => {
      its.upstream.behaviour = (_recorded, response) => {
        stream(
          response,
          { id: 77, result: { leak: 'unasked' } },
          { method: 'notifications/message', params: { level: 'info', data: SECRET } },
          { method: `notifications/${SECRET}`, params: {} },
          { method: 'notifications/message', params: { level: 'info', data: 'harmless' } },
        );
        response.end();
      };
      const text = await (await listen()).body.text();
      expect(text).toContain('harmless');
      expect(text).not.toMatch(/unasked|ghp_/);
    });

    it('goes on from no event that this session was not sent', async () => {
      const { statusCode } = await listen({ 'last-event-id': SECRET });
      expect([statusCode, its.upstream.seen]).toEqual([400, []]);
    });
  });

  describe('what passes undecided carries nothing out', () => {
    it.each([
      ['ping', { _meta: { leak: SECRET } }],
      ['tools/list', { _meta: { leak: SECRET } }],
      ['tools/list', { cursor: SECRET }],
      ['logging/setLevel', { level: SECRET }],
      [`vendor/${SECRET}`, {}],
      [
        'initialize',
        { protocolVersion: '2025-11-25', capabilities: { experimental: { x: SECRET } }, clientInfo: {} },
      ],
    ])('%s %j is refused and recorded', async (method, params) => {
      const { json, headers } = await send(method, params);
      expect(json.error?.data).toMatchObject({ reason_code: 'dlp_blocked' });
      expect(its.upstream.seen).toEqual([]);
      expect(await its.rows(headers['x-behavry-decision'])).toMatchObject([{ dlp_action: 'blocked' }, {}]);
    });

    it.each([
      ['ping', { note: 'free text', _meta: { progressToken: 1 } }, { _meta: { progressToken: 1 } }],
      ['tools/list', { cursor: '', note: 'free text' }, { cursor: '' }],
      ['logging/setLevel', { level: 'debug', note: 'free text' }, { level: 'debug' }],
      ['notifications/initialized', { note: 'free text' }, {}],
    ])('%s goes on with its known members alone', async (method, params, known) => {
      await send(method, params, method.startsWith('notifications/') ? {} : { id: 1 });
      const [seen] = its.upstream.seen;
      expect((JSON.parse(seen?.body ?? '') as { params: unknown }).params).toEqual(known);
    });

    it('nor does a member beside the envelope, or the trace context', async () => {
      await its.proxy.post('rec', { ...callTool('echo'), vendor: SECRET }, its.session);
      expect(its.upstream.seen.map(({ body }) => body).join()).not.toContain(SECRET);
      const trace = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: `k=${SECRET}` };
      const { json } = await its.proxy.post('rec', callTool('echo'), { ...its.session, ...trace });
      expect(json.error?.data).toMatchObject({ reason_code: 'dlp_blocked' });
      const odd = { traceparent: SECRET };
      await its.proxy.post('rec', callTool('echo'), { ...its.session, ...odd });
      expect(JSON.stringify(its.upstream.seen)).not.toContain(SECRET);
    });

    it('nor an answer to what a server asked', async () => {
      let ended: () => void = () => undefined;
      its.upstream.behaviour = ({ body }, response) => {
        if (!body.includes('tools/call')) return void response.writeHead(202).end();
        stream(response, { id: 5, method: 'sampling/createMessage', params: { messages: [] } });
        ended = () => response.end();
      };
      const calling = its.proxy.post('rec', callTool('echo'), its.session);
      await eventually(() => {
        expect(its.proxy.entries).toContainEqual(expect.objectContaining({ action: 'sample' }));
      });
      const { status } = await its.proxy.post(
        'rec',
        { jsonrpc: '2.0', id: 3, result: { text: SECRET } },
        its.session,
      );
      expect(status).toBe(403);
      ended();
      await calling;
      expect(JSON.stringify(its.upstream.seen)).not.toContain(SECRET);
    });
  });

  describe('a server that plays tricks', () => {
    it('with duplicate keys is not understood, so judge and client never read differently', async () => {
      its.upstream.behaviour = ({ body }, response) => {
        response
          .setHeader('content-type', 'application/json')
          .end(`{"jsonrpc":"2.0","id":${String(idOf(body))},"result":{"a":"${SECRET}"},"result":{}}`);
      };
      const { json, text } = await its.proxy.post('rec', callTool('echo'), its.session);
      expect(json.error?.code).toBe(-31503);
      expect(text).not.toContain(SECRET);
    });

    it('with members beside the envelope is heard without them', async () => {
      its.upstream.behaviour = ({ body }, response) => {
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ jsonrpc: '2.0', id: idOf(body), result: {}, vendor: SECRET }));
      };
      expect((await its.proxy.post('rec', callTool('echo'), its.session)).json).toEqual({
        jsonrpc: '2.0',
        id: 1,
        result: {},
      });
    });

    it('with a number that no double holds keeps its text', async () => {
      its.upstream.behaviour = ({ body }, response) => {
        response
          .setHeader('content-type', 'application/json')
          .end(`{"jsonrpc":"2.0","id":${String(idOf(body))},"result":{"n":12345678901234567890.10}}`);
      };
      const { text } = await its.proxy.post('rec', callTool('echo'), its.session);
      expect(text).toContain('12345678901234567890.10');
    });

    it('with a list of 100,000 is refused without asking policy for each', async () => {
      const tools = Array.from({ length: 100_000 }, (_none, index) => ({ name: `t${String(index)}` }));
      its.upstream.behaviour = ({ body }, response) => {
        answer(response, body, { tools });
      };
      const { json } = await send('tools/list', {});
      expect(json.error?.data).toMatchObject({ reason_code: 'result_too_large' });
    });
  });

  describe('at once', () => {
    it('no agent opens more sessions than it has places for', async () => {
      const held: (() => void)[] = [];
      const hold = its.upstream.hold((go) => held.push(go));
      const opens = Array.from({ length: 25 }, (_none, id) =>
        its.proxy.post('rec', initialize(id), its.proxy.bearer('a2')),
      );
      await eventually(() => {
        expect(held).toHaveLength(8);
      });
      await eventually(async () => {
        const early = await Promise.all(
          opens.map((open) => Promise.race([open, Promise.resolve(undefined)])),
        );
        expect(early.filter(Boolean)).toHaveLength(17);
      });
      hold.release();
      for (const go of held) go();
      const codes = (await Promise.all(opens)).map(({ json }) => json.error?.data['reason_code'] ?? 'ok');
      expect(codes.filter((code) => code === 'ok')).toHaveLength(8);
      expect(codes.filter((code) => code === 'concurrency_limited')).toHaveLength(17);
    });

    it('no agent makes more calls than its configuration allows', async () => {
      await its.proxy.configure({
        rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: 2 },
      });
      const held: (() => void)[] = [];
      its.upstream.behaviour = ({ body }, response) => {
        held.push(() => {
          answer(response, body, {});
        });
      };
      const calls = [1, 2].map((id) => its.proxy.post('rec', callTool('echo', {}, id), its.session));
      await eventually(() => {
        expect(held).toHaveLength(2);
      });
      const third = await its.proxy.post('rec', callTool('echo', {}, 3), its.session);
      expect(third.json.error).toMatchObject({ code: -31429, data: { reason_code: 'concurrency_limited' } });
      for (const go of held) go();
      await Promise.all(calls);
      const fourth = its.proxy.post('rec', callTool('echo', {}, 4), its.session);
      await eventually(() => {
        expect(held).toHaveLength(3);
      });
      held[2]?.();
      expect((await fourth).json.error).toBeUndefined();
      await its.proxy.configure({
        rate_limits: { agent_per_minute: null, tenant_per_minute: null, agent_concurrency: null },
      });
    });
  });

  it('nothing of a call stands in record, claim, log, spool or database', async () => {
    const canary = (where: string): string => `canary-${where}-7f3a9`;
    const card = ['4111', '1111', '1111', '1111'].join(' ');
    const calls = [
      callTool('query_db', { query: `select '${canary('query')}'`, [canary('name')]: 1 }),
      callTool('run_command', { command: `echo ${canary('command')}` }),
      callTool('fetch_url', {
        url: `https://u:${canary('password')}@h.example/p?k=${canary('search')}#${canary('hash')}`,
      }),
      callTool('read_file', { path: `/tmp/${SECRET}`, note: { deep: [canary('deep'), card] } }),
      callTool(canary('tool with spaces'), { text: canary('text') }),
      callTool('get-sum', { text: canary('escalated') }),
      {
        ...callTool('echo', { [SECRET]: canary('beside') }),
        params: { name: 'echo', _meta: { note: canary('meta') } },
      },
      { jsonrpc: '2.0', id: 9, method: `vendor/${canary('method')} x`, params: { a: canary('params') } },
    ];
    its.upstream.behaviour = ({ body }, response) => {
      answer(response, body, { content: [{ type: 'text', text: canary('result') }] });
    };
    for (const call of calls) {
      const { headers } = await its.proxy.post('rec', call, its.session);
      await its.rows(headers['x-behavry-decision']);
    }
    const { claims } = its.proxy.claims;
    const claimed = JSON.stringify(claims.map((claim) => ({ ...claim, arguments: null, beside: null })));
    expect(JSON.stringify(claims.at(-1)?.arguments)).toContain(canary('escalated'));
    const written = [JSON.stringify(its.proxy.entries), claimed, its.proxy.log.join('\n')];
    for (const text of written) expect(/.{0,60}(canary|ghp_|4111).{0,20}/.exec(text)?.[0]).toBeUndefined();
    const found = spawnSync('grep', ['-rlaE', 'canary|ghp_|4111 1111', its.proxy.folder], {
      encoding: 'utf8',
    });
    expect(found.stdout).toBe('');
    expect(its.proxy.entries).toContainEqual(
      expect.objectContaining({
        target: expect.objectContaining({ class: 'url', shown: 'https://h.example/p' }),
      }),
    );
  });
});
