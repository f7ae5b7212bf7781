import { request, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { APP_NAMES, MODES, ROUTE_TABLE, type AppName, type Mode } from '@behavry/contracts';
import { eventually } from '@behavry/test-components';
import { Edge } from '../src/edge/edge-server';
import { httpRequest, rawRequest, type Answer, type RequestOptions } from './raw-http';
import { StubApp } from './stub-app';

const stubs = new Map(APP_NAMES.map((app) => [app, new StubApp(app)]));
const edges = new Map<Mode, Edge>();

function urlOf(app: AppName): string {
  return `http://127.0.0.1:${(stubs.get(app)?.server.address() as AddressInfo).port}`;
}

function portOf(mode: Mode): number {
  return (edges.get(mode)?.server.address() as AddressInfo).port;
}

const sendRaw = (text: string): Promise<string> => rawRequest(portOf('standalone'), text);
const send = (mode: Mode, path: string, options?: RequestOptions): Promise<Answer> =>
  httpRequest(portOf(mode), path, options);

beforeAll(async () => {
  for (const { server } of stubs.values())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  for (const mode of MODES) {
    const edge = new Edge({ mode, appUrl: urlOf, stalledMs: 300 });
    await edge.listen(0);
    edges.set(mode, edge);
  }
});

afterAll(async () => {
  for (const edge of edges.values()) await edge.close();
  for (const { server } of stubs.values()) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

describe.each(MODES)('the edge of a %s', (mode) => {
  const rows = ROUTE_TABLE.flatMap((row) => row.prefixes.map((prefix) => ({ ...row, prefix })));

  it.each(rows.map((row) => [row.prefix, row] as const))(
    '%s reaches its app, or 404 when it is not of this mode',
    async (prefix, row) => {
      for (const path of [prefix, `${prefix}/some/id?limit=2`]) {
        const answer = await send(mode, path);
        if (row.modes.includes(mode)) {
          expect(answer.status).toBe(200);
          expect(JSON.parse(answer.body)).toMatchObject({ app: row.app, path });
        } else {
          expect(answer.status).toBe(404);
          expect(answer.headers['content-type']).toContain('application/problem+json');
          expect(JSON.parse(answer.body)).toMatchObject({ code: 'route_not_in_mode', status: 404 });
        }
      }
    },
  );

  it('answers 404 not_found for what no group owns', async () => {
    for (const path of [
      '/',
      '/metrics',
      '/internal/claims',
      '/api/v1',
      '/api/v1/policiesx',
      '/api/v1/enrolled',
      '/API/V1/policies',
    ]) {
      const answer = await send(mode, path);
      expect([path, answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([
        path,
        404,
        'not_found',
      ]);
    }
  });

  it('sends license and tokens below admin to license-service, the rest to identity-jwks', async () => {
    for (const [path, app] of [
      ['/api/v1/admin/license', 'license-service'],
      ['/api/v1/admin/data-plane-tokens/x', 'license-service'],
      ['/api/v1/admin/users', 'identity-jwks'],
      ['/api/v1/admin/licensed', 'identity-jwks'],
    ]) {
      expect(JSON.parse((await send(mode, path ?? '')).body)).toMatchObject({ app });
    }
  });
});

describe('the edge', () => {
  it.each([
    '/api/v1/auth/../policies',
    '/api/v1/auth%2f..%2fpolicies',
    '/api/v1//auth',
    '/api/v1/auth/%2e%2e/x',
    '/api/v1/auth/%00',
    '/api/v1/auth/%zz',
    '/api/v1/auth\\x',
  ])('refuses the ambiguous path %s', async (path) => {
    const answer = await send('standalone', path);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_request' });
  });

  it('hands the request on as it came, with its Host, and speaks itself about where it came from', async () => {
    const answer = await send('standalone', '/mcp/v1/files?x=%2F', {
      method: 'POST',
      headers: {
        host: 'plane.example:81',
        authorization: 'Bearer t',
        'x-forwarded-for': '6.6.6.6',
        forwarded: 'for=6.6.6.6',
        'x-real-ip': '6.6.6.6',
        'x-forwarded-proto': 'https',
        connection: 'X-Drop , content-length',
        'x-drop': '1',
        'content-type': 'application/json',
      },
      body: Buffer.from('{}'),
    });
    const { headers, path, method } = JSON.parse(answer.body) as {
      headers: Record<string, string>;
      path: string;
      method: string;
    };
    expect({ path, method }).toEqual({ path: '/mcp/v1/files?x=%2F', method: 'POST' });
    expect(headers).toMatchObject({
      host: 'plane.example:81',
      authorization: 'Bearer t',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'plane.example:81',
      'content-type': 'application/json',
    });
    expect(headers['x-drop']).toBeUndefined();
    expect(headers['content-length']).toBe('2');
    expect(headers['forwarded'] ?? headers['x-real-ip']).toBeUndefined();
  });

  const HEAD = 'POST /mcp/v1/smuggled HTTP/1.1\r\nHost: a\r\n';
  const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n`;

  it.each([
    ['a length and chunks', `${CHUNKED}Content-Length: 4\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`],
    ['the same length twice', `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
    ['two lengths in one line', `${HEAD}Content-Length: 1, 2\r\n\r\nab`],
    ['a length with a sign', `${HEAD}Content-Length: +1\r\n\r\na`],
    ['chunks that are not the last coding', `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ['a coding that is nearly chunks', `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
    ['a blank before the colon', `${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
    ['a folded header', `${HEAD}X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n`],
    ['a chunk size that is no number', `${CHUNKED}\r\nzz\r\nab\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `${CHUNKED}\r\n1\r\nabc\r\n0\r\n\r\n`],
    ['a chunk that ends in a bare line feed', `${CHUNKED}\r\n1\na\n0\n\n`],
    ['a NUL in a header', `${HEAD}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['no Host', 'POST /mcp/v1/smuggled HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
    ['two Hosts', `${HEAD}Host: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`],
    [
      'a whole address as its target',
      'GET http://mcp/v1/smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    ],
  ])('refuses %s, and no app gets a whole request of it', async (_what, text) => {
    const answer = await sendRaw(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
    expect([...stubs.values()].flatMap(({ whole }) => whole)).not.toContain('/mcp/v1/smuggled');
  });

  it('answers two requests on one connection each for itself', async () => {
    const first = `POST /mcp/v1/one HTTP/1.1\r\nHost: a\r\nContent-Length: 46\r\n\r\n`;
    const body = 'POST /mcp/v1/inner HTTP/1.1\r\nHost: a\r\n\r\n    \r\n'.slice(0, 46);
    const second = 'GET /api/v1/auth/two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const answer = await sendRaw(first + body + second);
    expect(answer.match(/"path":"[^"]+"/gu)).toEqual(['"path":"/mcp/v1/one"', '"path":"/api/v1/auth/two"']);
  });

  it('says what a browser must not do, unless the app says it, and keeps what is between it and the app', async () => {
    const { headers } = await send('standalone', '/api/v1/auth/x');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect(headers['x-between']).toBeUndefined();
    expect((await send('standalone', '/api/v1/auth/own')).headers['referrer-policy']).toBe('same-origin');
    expect((await send('standalone', '/nowhere')).headers['x-content-type-options']).toBe('nosniff');
  });

  it('takes no more from an app than its client reads, and lets go a client that stops reading', async () => {
    const socket = connect(portOf('standalone'), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /mcp/v1/flood HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    await eventually(() => expect(stubs.get('mcp-proxy')?.aborted).toContain('/mcp/v1/flood'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    socket.destroy();
  });

  it('asks an app that says 503 only once', async () => {
    expect((await send('standalone', '/api/v1/auth/busy')).status).toBe(503);
  });

  it('streams a large body in both directions', async () => {
    const body = Buffer.alloc(12 * 1024 * 1024, 'x');
    const answer = await send('standalone', '/mcp/v1/echo', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.body.length).toBe(body.length);
  });

  it('opens an event stream before its first event, passes events at once, and ends it when the client goes', async () => {
    for (const path of ['/mcp/v1/silent-stream', '/mcp/v1/stream']) {
      const outgoing = request({ port: portOf('standalone'), host: '127.0.0.1', path });
      outgoing.on('error', () => undefined);
      const incoming = await new Promise<IncomingMessage>((resolve) => {
        outgoing.once('response', resolve);
        outgoing.end();
      });
      expect(incoming.headers['content-type']).toBe('text/event-stream');
      if (path.endsWith('/stream')) {
        const first = await new Promise<Buffer>((resolve) => incoming.once('data', resolve));
        expect(first.toString()).toBe('data: one\n\n');
      }
      outgoing.destroy();
      await eventually(() => expect(stubs.get('mcp-proxy')?.aborted).toContain(path));
    }
  });

  it('ends the call to an app that has not answered yet when the client goes', async () => {
    const outgoing = request({
      port: portOf('standalone'),
      host: '127.0.0.1',
      path: '/mcp/v1/hang',
      method: 'POST',
    });
    outgoing.on('error', () => undefined);
    outgoing.end('{}');
    await eventually(() => expect(outgoing.socket?.bytesWritten ?? 0).toBeGreaterThan(0));
    outgoing.destroy();
    await eventually(() => expect(stubs.get('mcp-proxy')?.aborted).toContain('/mcp/v1/hang'));
  });

  it('cuts the answer when the app cuts it, and does not end it as if it were whole', async () => {
    await expect(send('standalone', '/mcp/v1/cut')).rejects.toThrow(/aborted|hang up/u);
  });

  it('answers 502 when an app is down', async () => {
    const nowhere = (): string => 'http://127.0.0.1:9';
    const edge = new Edge({ mode: 'standalone', appUrl: nowhere });
    await edge.listen(0);
    const url = `http://127.0.0.1:${(edge.server.address() as AddressInfo).port}/api/v1/audit/events`;
    for (const body of [null, 'small', 'x'.repeat(300_000)]) {
      const answer = await fetch(url, { method: body === null ? 'GET' : 'POST', body });
      expect(answer.status).toBe(502);
      expect(await answer.json()).toMatchObject({
        code: 'upstream_unavailable',
        detail: 'audit-writer did not answer.',
      });
    }
    await edge.close();
  });
});
