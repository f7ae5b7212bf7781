import { request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import { APP_NAMES } from '@behavry/contracts';
import {
  describeWithNginx,
  eventually,
  httpRequest,
  rawRequest,
  StubApp,
  type Answer,
} from '@behavry/testing';
import { startEdge, type RunningEdge } from './running-edge';

const stubs = new Map(APP_NAMES.map((app) => [app, new StubApp(app)]));
const addressOf = (app: (typeof APP_NAMES)[number]): string => `127.0.0.1:${stubs.get(app)?.port}`;
const codeOf = ({ status, body }: Answer): readonly unknown[] => [
  status,
  (JSON.parse(body) as { code?: unknown }).code,
];

/** One request over TLS, whatever the certificate says. */
function secure(port: number, path: string, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { port, path, method, host: '127.0.0.1', rejectUnauthorized: false };
    const outgoing = httpsRequest(options, (incoming) => {
      let body = '';
      incoming.on('data', (chunk: Buffer) => (body += chunk.toString()));
      incoming.once('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body }),
      );
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}

/** The version that a client and the edge agree on, or why they do not. */
function tlsVersion(port: number, version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'): Promise<string> {
  return new Promise((resolve) => {
    const only = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...only }, () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.once('error', () => resolve('refused'));
  });
}

describeWithNginx('what only the edge of containers does', () => {
  let edge: RunningEdge;

  beforeAll(async () => {
    for (const stub of stubs.values()) await stub.listen();
    edge = await startEdge({ mode: 'data-plane', target: 'compose', api: 'included', place: { addressOf } });
  }, 60_000);

  afterAll(async () => {
    await edge.close();
    for (const stub of stubs.values()) await stub.close();
  });

  it('serves the API over TLS as well, says so to apps and browsers, and speaks no old version', async () => {
    const answer = await secure(edge.httpsPort, '/mcp/v1/files');
    expect(JSON.parse(answer.body)).toMatchObject({ headers: { 'x-forwarded-proto': 'https' } });
    const hsts = 'max-age=63072000; includeSubDomains';
    expect(answer.headers['strict-transport-security']).toBe(hsts);
    expect((await secure(edge.httpsPort, '/nowhere')).headers['strict-transport-security']).toBe(hsts);
    const plain = await httpRequest(edge.port, '/mcp/v1/files');
    expect(plain.headers).not.toHaveProperty('strict-transport-security');
    expect(await tlsVersion(edge.httpsPort, 'TLSv1.1')).toBe('refused');
    expect(await tlsVersion(edge.httpsPort, 'TLSv1.2')).toBe('TLSv1.2');
    expect(await tlsVersion(edge.httpsPort, 'TLSv1.3')).toBe('TLSv1.3');
  });

  it('answers / on the port of browsers alone', async () => {
    const answer = await secure(edge.httpsPort, '/');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(answer.body).toMatch(
      /^This is a Behavry plane \(data-plane\): its dashboard is still to come, .*\/mcp\/v1/u,
    );
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect(codeOf(await secure(edge.httpsPort, '/x/..'))).toEqual([400, 'bad_request']);
    expect(codeOf(await httpRequest(edge.port, '/'))).toEqual([404, 'not_found']);
  });

  it('refuses plain HTTP where TLS is spoken', async () => {
    expect(codeOf(await httpRequest(edge.httpsPort, '/mcp/v1/files'))).toEqual([400, 'bad_request']);
  });

  it('leads browsers from http to https, and no client of the API', async () => {
    const ask = (path: string, method = 'GET', host = 'plane.example:80'): Promise<Answer> =>
      httpRequest(edge.redirectPort, path, { method, headers: { host } });
    const moved = await ask('/overview?tab=1');
    expect([moved.status, moved.headers['location'], moved.headers['cache-control']]).toEqual([
      308,
      'https://plane.example/overview?tab=1',
      'no-store',
    ]);
    expect((await ask('/')).status).toBe(308);
    for (const [path, method] of [
      ['/api/v1/audit/events', 'GET'],
      ['/api/v1/policies', 'GET'],
      ['/mcp/v1/files', 'POST'],
      ['/overview', 'POST'],
      ['/x/../y', 'GET'],
    ] as const) {
      expect([path, ...codeOf(await ask(path, method))]).toEqual([path, 400, 'bad_request']);
    }
    const withoutHost = await rawRequest(edge.redirectPort, 'GET / HTTP/1.0\r\n\r\n');
    expect(withoutHost).toMatch(/^HTTP\/1\.1 400 /u);
  });

  it('says by itself that it is alive', async () => {
    const answer = await httpRequest(edge.healthPort, '/');
    expect([answer.status, answer.body]).toEqual([200, 'alive\n']);
  });

  it.each([
    ['/api/v1/openai', 16],
    ['/mcp/v1', 4],
    ['/api/v1/audit', 1],
  ])('takes for %s a body of %d MiB and none that is larger', async (path, mebibytes) => {
    const sized = (bytes: number): Promise<Answer> =>
      httpRequest(edge.port, `${path}/read-then-echo`, { method: 'POST', body: Buffer.alloc(bytes, 'x') });
    expect((await sized(mebibytes * 1024 * 1024)).status).toBe(200);
    expect(codeOf(await sized(mebibytes * 1024 * 1024 + 1))).toEqual([413, 'payload_too_large']);
  });

  it('hands on the answer of an app that refuses a large body unread', async () => {
    const body = Buffer.alloc(12 * 1024 * 1024, 'x');
    const answer = await httpRequest(edge.port, '/api/v1/openai/refuse-early', { method: 'POST', body });
    expect([answer.status, answer.body]).toEqual([401, '{"code":"unauthenticated"}']);
  });

  it('answers in its own words what nginx would answer in HTML', async () => {
    const long = await httpRequest(edge.port, `/api/v1/audit/${'x'.repeat(9_000)}`);
    expect(codeOf(long)).toEqual([400, 'bad_request']);
    const header = { 'x-long': 'x'.repeat(9_000) };
    expect(codeOf(await httpRequest(edge.port, '/api/v1/audit', { headers: header }))).toEqual([
      400,
      'bad_request',
    ]);
    expect(codeOf(await httpRequest(edge.port, '/api/v1/audit', { method: 'TRACE' }))).toEqual([
      405,
      'method_not_allowed',
    ]);
    expect(long.headers['server']).toBe('nginx');
  });

  it('logs one line of JSON per request, and never a query', async () => {
    await httpRequest(edge.port, '/api/v1/gemini/v1beta/models?key=sk-secret', {
      headers: { 'x-request-id': 'logged-1234', referer: 'https://x/?t=sk-secret' },
    });
    await httpRequest(edge.port, '/api/v1/gemini/cut?key=sk-secret').catch(() => undefined);
    await httpRequest(edge.port, '/api/v1/gemini/../x?key=sk-secret');
    await eventually(() => expect(edge.log()).toContain('/api/v1/gemini/../x'));
    expect(edge.log()).not.toContain('sk-secret');
    const lines = edge
      .log()
      .split('\n')
      .filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual(
      expect.objectContaining({
        request_id: 'logged-1234',
        client: '127.0.0.1',
        method: 'GET',
        path: '/api/v1/gemini/v1beta/models',
        status: '200',
        group: 'llm',
        app: 'llm-proxy',
        app_status: '200',
      }),
    );
  });

  it('serves one address a thousand requests at a time, and tells it of one more', async () => {
    const open = Array.from({ length: 1_000 }, () =>
      rawRequest(edge.port, 'GET /mcp/v1/silent-stream HTTP/1.1\r\nHost: a\r\n\r\n'),
    );
    const begun = stubs.get('mcp-proxy')?.begun ?? [];
    await eventually(
      () => expect(begun.filter((path) => path === '/mcp/v1/silent-stream').length).toBe(1_000),
      {
        timeoutMs: 20_000,
      },
    );
    expect(codeOf(await httpRequest(edge.port, '/mcp/v1/files'))).toEqual([429, 'too_many_requests']);
    stubs.get('mcp-proxy')?.server.closeAllConnections();
    await Promise.all(open);
  });
});
