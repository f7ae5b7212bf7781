import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { request } from 'undici';
import { PlaneState, ServiceContext } from '@behavry/platform';
import {
  describeWithOpa,
  eventually,
  freePort,
  httpServer,
  putAsOwner,
  type TestReplica,
} from '@behavry/testing';
import { startEverything, type SupervisedUpstream } from './everything';
import { answer, startRecordingUpstream, stream, type RecordingUpstream } from './recording-upstream';
import { callTool, initialize, startProxy, type RunningProxy } from './running-proxy';

const POST = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

describeWithOpa('two replicas of mcp-proxy on one plane', () => {
  let a: RunningProxy;
  let b: TestReplica;
  let upstream: RecordingUpstream;
  let everything: SupervisedUpstream;

  beforeAll(async () => {
    upstream = await startRecordingUpstream();
    everything = await startEverything();
    a = await startProxy({ maxBodyBytes: 300_000 }, [
      httpServer('rec', upstream.url),
      httpServer('everything', everything.url),
    ]);
    b = await a.replica();
    await eventually(() => expect(replicaIds()).toHaveLength(2));
  }, 120_000);
  afterAll(async () => {
    await a.stop();
    await upstream.stop();
    everything.stop();
  });
  beforeEach(() => {
    upstream.behaviour = ({ body }, response) => answer(response, body, { content: [] });
    upstream.seen.length = 0;
  });

  const replicaIds = (): readonly string[] =>
    Object.keys(a.app.get(PlaneState).get('mcp.replicas')?.value.replicas ?? {});

  /** Opens a session in `b`. @returns its headers, to be sent to either */
  async function openInB(agent = 'a1'): Promise<Record<string, string>> {
    const opened = await send(b.url, initialize(), a.bearer(agent));
    const id = opened.headers['mcp-session-id'];
    expect(typeof id).toBe('string');
    return { ...a.bearer(agent), 'mcp-session-id': String(id), 'mcp-protocol-version': '2025-11-25' };
  }

  async function send(
    url: string,
    body: object | string,
    headers: Record<string, string>,
  ): Promise<{ status: number; headers: Record<string, unknown>; text: string }> {
    const response = await request(`${url}/mcp/v1/rec`, {
      method: 'POST',
      headers: { ...POST, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.statusCode, headers: response.headers, text: await response.body.text() };
  }

  async function handedOn(result: string, { app }: Pick<TestReplica, 'app'> = a): Promise<number> {
    const metrics = await app.get<ServiceContext>(ServiceContext).metrics.metrics();
    const found = new RegExp(`handed_on_total\\{result="${result}"\\} (\\d+)`).exec(metrics);
    return Number(found?.[1] ?? 0);
  }

  it('the official client works through both in turn: calls, progress, listening, the end of the session', async () => {
    let turn = 0;
    const transport = new StreamableHTTPClientTransport(new URL(`${a.url}/mcp/v1/everything`), {
      requestInit: { headers: a.bearer('a1') },
      fetch: (url, init) => {
        const { pathname } = new URL(url);
        return fetch(`${[a.url, b.url][turn++ % 2] ?? ''}${pathname}`, init);
      },
    });
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    for (let n = 0; n < 4; n++) {
      const result = await client.callTool({ name: 'echo', arguments: { message: `hello ${String(n)}` } });
      expect(result.content).toEqual([{ type: 'text', text: `Echo: hello ${String(n)}` }]);
      const steps: number[] = [];
      await client.callTool(
        { name: 'trigger-long-running-operation', arguments: { duration: 0.2, steps: 2 } },
        undefined,
        { onprogress: ({ progress }) => steps.push(progress) },
      );
      expect(steps).toEqual([1, 2]);
      turn++; // the next round begins at the other replica
    }
    await transport.terminateSession();
    await client.close();
    // Half of everything after the opening came to the one that does not have the session.
    expect((await handedOn('answered', a)) + (await handedOn('answered', b))).toBeGreaterThan(4);
  }, 30_000);

  it('a handed-on call is decided and recorded once, and answered with its decision', async () => {
    const session = await openInB();
    const answered = await send(a.url, callTool('echo'), session);
    expect(answered).toMatchObject({ status: 200, headers: { 'x-content-type-options': 'nosniff' } });
    expect(upstream.seen.filter(({ body }) => body.includes('tools/call'))).toHaveLength(1);
    const id = answered.headers['x-behavry-decision'];
    expect(await a.entriesOf(id, 2)).toMatchObject([{ agent_id: 'a1', verdict: 'allow' }, { outcome: 'ok' }]);
    const denied = await send(a.url, callTool('get-env'), session);
    expect(JSON.parse(denied.text)).toMatchObject({ error: { code: -31403 } });
  });

  it('passes large messages on, and takes none above the limit', async () => {
    const session = await openInB();
    const text = 'x'.repeat(200_000);
    upstream.behaviour = ({ body }, response) =>
      answer(response, body, { content: [{ type: 'text', text }] });
    const large = await send(a.url, callTool('echo', { text }), session);
    expect(large.status).toBe(200);
    expect(large.text).toContain(text);
    const before = await handedOn('answered');
    expect(await send(a.url, callTool('echo', { text: text + text }), session)).toMatchObject({
      status: 413,
    });
    expect(await handedOn('answered')).toBe(before);
  });

  it('opens a listening stream at once, passes events as they come, and ends it when its client leaves', async () => {
    const session = await openInB();
    let send: (message: object) => void = () => undefined;
    const upstreamClosed = new Promise<void>((closed) => {
      upstream.behaviour = (_recorded, response) => {
        stream(response);
        send = (message) => response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`);
        response.once('close', closed);
      };
    });
    const asked = httpRequest(`${a.url}/mcp/v1/rec`, {
      headers: { ...session, accept: 'text/event-stream' },
    });
    asked.end();
    const [events] = (await once(asked, 'response')) as [IncomingMessage];
    expect(events.headers['content-type']).toBe('text/event-stream');
    send({ method: 'notifications/message', params: { level: 'info', data: 'news' } });
    const [chunk] = (await once(events, 'data')) as [Buffer];
    expect(chunk.toString()).toContain('"news"');
    asked.destroy();
    await upstreamClosed;
  });

  it('a client that leaves ends its call at the replica that runs it', async () => {
    const session = await openInB();
    let closed: Promise<unknown> = Promise.resolve();
    const arrived = new Promise<void>((resolve) => {
      upstream.behaviour = (_recorded, response) => {
        closed = once(response, 'close');
        resolve();
      };
    });
    const asked = httpRequest(`${a.url}/mcp/v1/rec`, { method: 'POST', headers: { ...POST, ...session } });
    asked.on('error', () => undefined);
    asked.end(JSON.stringify(callTool('echo')));
    await arrived;
    asked.destroy();
    await closed;
  });

  it("gives nobody another agent's session, and finds nothing under ids that were made up", async () => {
    const session = await openInB();
    const id = session['mcp-session-id'] ?? '';
    const [replica = ''] = id.split('.');
    expect(replicaIds()).toContain(replica);
    const failed = await handedOn('failed');
    for (const [agent, forged] of [
      ['a2', id],
      ['a1', `${replica}.${'A'.repeat(32)}`],
      ['a1', replica],
      ['a1', `${replicaIds().find((each) => each !== replica) ?? ''}.${id.split('.')[1] ?? ''}`],
      ['a1', 'constructor.x'],
      ['a1', '__proto__.x'],
      ['a1', 'http://127.0.0.1:9.x'],
    ] as const) {
      const refused = await send(a.url, callTool('echo'), { ...a.bearer(agent), 'mcp-session-id': forged });
      expect(refused).toMatchObject({ status: 404 });
      expect(refused.text).toContain('Session not found');
    }
    expect(upstream.seen.filter(({ body }) => body.includes('tools/call'))).toEqual([]);
    expect(await handedOn('failed')).toBe(failed);
    expect(await send(a.url, callTool('echo'), session)).toMatchObject({ status: 200 });
  });

  it('its ops route takes the plane alone, asks again who the agent is, and hands nothing on', async () => {
    const session = await openInB();
    const direct = async (opsUrl: string, headers: Record<string, string>): Promise<number> => {
      const response = await request(`${opsUrl}/internal/mcp/rec`, {
        method: 'POST',
        headers: { ...POST, 'mcp-session-id': session['mcp-session-id'] ?? '', ...headers },
        body: JSON.stringify(callTool('echo')),
      });
      await response.body.dump();
      return response.statusCode;
    };
    const plane = { authorization: `Bearer ${a.internalBearer}` };
    const agent = { 'x-behavry-agent-token': session['authorization']?.slice(7) ?? '' };
    expect(await direct(b.opsUrl, { ...plane, ...agent })).toBe(200);
    expect(await direct(b.opsUrl, plane)).toBe(401);
    expect(await direct(b.opsUrl, { ...plane, 'x-behavry-agent-token': 'forged' })).toBe(401);
    expect(await direct(b.opsUrl, { authorization: session['authorization'] ?? '', ...agent })).toBe(401);
    // Not its own: it is not passed to the replica that has it.
    expect(await direct(a.opsUrl, { ...plane, ...agent })).toBe(404);
    // Nor does the header count where agents come.
    expect((await send(a.url, callTool('echo'), { ...agent, authorization: 'Bearer x' })).status).toBe(401);
  });

  it('a replica that is gone without a word has no sessions any more', async () => {
    const { replicas } = a.app.get(PlaneState).get('mcp.replicas')!.value;
    const ghost = { ops_url: `http://127.0.0.1:${String(await freePort())}`, at: new Date().toISOString() };
    await putAsOwner(a.app, 'mcp.replicas', { replicas: { ...replicas, ghost } });
    const before = await handedOn('gone');
    const refused = await send(a.url, callTool('echo'), { ...a.bearer('a1'), 'mcp-session-id': 'ghost.x' });
    expect(refused).toMatchObject({ status: 404 });
    expect(await handedOn('gone')).toBe(before + 1);
  });

  it('a replica that ends finishes what it was handed, and its sessions are opened anew elsewhere', async () => {
    const session = await openInB();
    let finish: () => void = () => undefined;
    const held = new Promise<void>((arrived) => {
      upstream.behaviour = ({ body }, response) => {
        finish = () => answer(response, body, { content: [{ type: 'text', text: 'finished' }] });
        arrived();
      };
    });
    const call = send(a.url, callTool('echo'), session);
    await held;
    const [replica = ''] = session['mcp-session-id']?.split('.') ?? [];
    const stopped = b.stop();
    await eventually(() => expect(replicaIds()).not.toContain(replica));
    expect(await send(a.url, callTool('echo'), session)).toMatchObject({ status: 404 });
    finish();
    expect(await call).toMatchObject({ status: 200 });
    expect((await call).text).toContain('finished');
    await stopped;
    expect(await send(a.url, initialize(), a.bearer('a1'))).toMatchObject({ status: 200 });
  }, 30_000);
});
