// Ways around the guarded exchange that an agent or a server may try; each is closed.
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

  describe('a call without an id', () => {
    it.each(['tools/call', 'resources/read', 'prompts/get', 'ping', 'vendor/x'])(
      '%s is refused and recorded, and reaches nobody',
      async (method) => {
        const { status, headers } = await its.send(method, { name: 'delete_everything', uri: 'x:y' }, {});
        expect(status).toBe(400);
        expect(its.upstream.seen).toEqual([]);
        const [row] = await its.rows(headers['x-behavry-decision']);
        expect(row).toMatchObject({ verdict: 'deny', reason_code: 'method_unknown' });
      },
    );

    it('an unknown notification is decided and recorded', async () => {
      const { status, headers } = await its.send('notifications/vendor', { a: 1 }, {});
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
      const pinged = await its.send('ping', {}, { id: 5 });
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
});
