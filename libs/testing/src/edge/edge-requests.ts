import type { EdgePlane } from './edge-contract';
import type { Answer } from './raw-http';

const HEAD = 'POST /mcp/v1/smuggled HTTP/1.1\r\nHost: a\r\n';
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n`;

/** What reaches an app is one request, read in one way, with what the edge saw of its client and nothing it claims. */
export function requestContract(plane: EdgePlane): void {
  it.each([
    '/api/v1/auth/../policies',
    '/api/v1/auth/..;/policies',
    '/api/v1/auth%2f..%2fpolicies',
    '/api/v1//auth',
    '/api/v1/auth/.',
    '/api/v1/auth/%2e%2e/x',
    '/api/v1/auth/%5cx',
    '/api/v1/auth/%00',
    '/api/v1/auth/%0d%0ax',
    '/api/v1/auth/%zz',
    '/api/v1/auth/%ff',
    '/api/v1/auth\\x',
    '/api/v1/auth#x',
  ])('refuses the ambiguous path %s', async (path) => {
    const answer = await plane.send('standalone', path);
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'bad_request' });
  });

  it.each(['/api/v1/auth/%C3%A9?q=//../%2f%zz', '/api/v1/auth/a:b/..c/', '/mcp/v1/%E2%82%AC%F0%9F%8E%88'])(
    'hands on %s as it is',
    async (path) => {
      expect(JSON.parse((await plane.send('standalone', path)).body)).toMatchObject({ path });
    },
  );

  const claims = {
    'x-forwarded-for': '6.6.6.6',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '443',
    'x-forwarded-prefix': '/x',
    forwarded: 'for=6.6.6.6',
    'x-real-ip': '6.6.6.6',
    'x-original-url': '/api/v1/admin',
    'x-rewrite-url': '/api/v1/admin',
    te: 'trailers',
    'proxy-authorization': 'Basic x',
  };

  it('hands the request on as it came, with its Host, and speaks itself about where it came from', async () => {
    const answer = await plane.send('standalone', '/mcp/v1/files?x=%2F', {
      method: 'POST',
      headers: {
        ...claims,
        host: 'plane.example:81',
        authorization: 'Bearer t',
        'content-type': 'application/json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body: Buffer.from('{}'),
    });
    const { headers, path, method } = toldBy(answer);
    expect({ path, method }).toEqual({ path: '/mcp/v1/files?x=%2F', method: 'POST' });
    expect(headers).toMatchObject({
      host: 'plane.example:81',
      authorization: 'Bearer t',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'plane.example:81',
      'content-type': 'application/json',
      'content-length': '2',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
    const overwritten = ['x-forwarded-for', 'x-forwarded-proto'];
    const claimed = Object.keys(claims).filter((name) => !overwritten.includes(name));
    expect(claimed.filter((name) => headers[name] !== undefined)).toEqual([]);
  });

  it('takes the request id of a client where it is one', async () => {
    const ask = async (id: string): Promise<unknown> => {
      const { body } = await plane.send('standalone', '/nowhere', { headers: { 'x-request-id': id } });
      return (JSON.parse(body) as { request_id: string }).request_id;
    };
    expect(await ask('req-0123.abc')).toBe('req-0123.abc');
    expect(await ask('a "b"')).toMatch(/^[\w-]{32,36}$/u);
  });

  it('keeps what Connection names on its side', async () => {
    const answer = await plane.send('standalone', '/mcp/v1/files', {
      method: 'POST',
      headers: { connection: 'X-Drop , content-length', 'x-drop': '1' },
      body: Buffer.from('{}'),
    });
    if (plane.edge.nominated === 'refused') {
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'bad_request',
        detail: 'The Connection header may name no other header.',
      });
    } else {
      expect(toldBy(answer).headers['x-drop']).toBeUndefined();
      expect(toldBy(answer).headers['content-length']).toBe('2');
    }
  });

  it.each(['keep-alive', 'close', 'TE, close', 'Upgrade, HTTP2-Settings'])(
    'serves a client that says "Connection: %s"',
    async (connection) => {
      const names = connection.toLowerCase().split(', ').slice(0, 2);
      const headers = {
        te: 'trailers',
        upgrade: 'h2c',
        ...Object.fromEntries(names.map((name) => [name, 'x'])),
      };
      const told = toldBy(
        await plane.send('standalone', '/mcp/v1/files', { headers: { ...headers, connection } }),
      );
      expect(told.headers).not.toHaveProperty('te');
      expect(told.headers).not.toHaveProperty('upgrade');
      expect(told.headers).not.toHaveProperty('http2-settings');
    },
  );

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
    ['a NUL in a header', `${HEAD}X-A: a\0b\r\nContent-Length: 0\r\n\r\n`],
    ['no Host', 'POST /mcp/v1/smuggled HTTP/1.1\r\nContent-Length: 0\r\n\r\n'],
    ['two Hosts', `${HEAD}Host: b\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`],
    [
      'a whole address as its target',
      'GET http://mcp/v1/smuggled HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    ],
  ])('refuses %s, and no app gets a whole request of it', async (_what, text) => {
    const answer = await plane.sendRaw(text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
    expect([...plane.stubs.values()].flatMap(({ whole }) => whole)).not.toContain('/mcp/v1/smuggled');
  });

  it('refuses a chunk that ends in a bare line feed, or hands its content on in a framing of its own', async () => {
    const text = `POST /mcp/v1/echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n`;
    const answer = await plane.sendRaw(`${text}1\na\n0\n\n`);
    if (plane.edge.bareLineFeed === 'refused') expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
    else expect(answer).toMatch(/^HTTP\/1\.1 (?:400 |200 [^]*\r\n\r\n1\r\na\r\n0\r\n\r\n$)/u);
  });

  it('answers two requests on one connection each for itself', async () => {
    const first = `POST /mcp/v1/one HTTP/1.1\r\nHost: a\r\nContent-Length: 46\r\n\r\n`;
    const body = 'POST /mcp/v1/inner HTTP/1.1\r\nHost: a\r\n\r\n    \r\n'.slice(0, 46);
    const second = 'GET /api/v1/auth/two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
    const answer = await plane.sendRaw(first + body + second);
    expect(answer.match(/"path":"[^"]+"/gu)).toEqual(['"path":"/mcp/v1/one"', '"path":"/api/v1/auth/two"']);
  });
}

interface Told {
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
}

function toldBy({ body }: Answer): Told {
  return JSON.parse(body) as Told;
}
