import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { eventually, freePort } from '@behavry/test-components';
import type { EdgePlane } from './edge-contract';
import { httpRequest } from './raw-http';

/** Answers and bodies pass as they come, and each side learns of the other's end. */
export function streamContract(plane: EdgePlane): void {
  it('says what a browser must not do, unless the app says it', async () => {
    const { headers } = await plane.send('standalone', '/api/v1/auth/x');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
    expect((await plane.send('standalone', '/api/v1/auth/own')).headers['referrer-policy']).toBe(
      'same-origin',
    );
  });

  it('obeys no command that stands in an answer', async () => {
    const { body } = await plane.send('standalone', '/mcp/v1/commands');
    expect(JSON.parse(body)).toMatchObject({ app: 'mcp-proxy', path: '/mcp/v1/commands' });
  });

  it('takes no more from an app than its client reads, and lets go a client that stops reading', async () => {
    const socket = connect(plane.portOf('standalone'), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET /mcp/v1/flood HTTP/1.1\r\nHost: a\r\n\r\n');
    socket.pause();
    const before = process.memoryUsage().arrayBuffers;
    await eventually(() => expect(plane.stub('mcp-proxy').aborted).toContain('/mcp/v1/flood'));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024);
    socket.destroy();
  });

  it('asks an app that says 503 only once', async () => {
    const before = plane.stub('identity-jwks').whole.length;
    expect((await plane.send('standalone', '/api/v1/auth/busy')).status).toBe(503);
    expect(plane.stub('identity-jwks').whole.length - before).toBe(1);
  });

  const large = Buffer.alloc(12 * 1024 * 1024, 'x');

  it('streams a large body to an app, and a large answer back', async () => {
    const answer = await plane.send('standalone', '/api/v1/openai/read-then-echo', {
      method: 'POST',
      body: large,
    });
    expect([answer.status, answer.body.length]).toEqual([200, large.length]);
  });

  if (plane.edge.isFullDuplex) {
    it('streams both ways at once', async () => {
      const answer = await plane.send('standalone', '/api/v1/openai/echo', { method: 'POST', body: large });
      expect([answer.status, answer.body.length]).toEqual([200, large.length]);
    });
  }

  it('leaves no connection waiting whose request was answered before all of it had come', async () => {
    const socket = connect(plane.portOf('standalone'), '127.0.0.1');
    let answers = '';
    socket.on('error', () => undefined).on('data', (chunk) => (answers += chunk.toString('latin1')));
    const body = 'x'.repeat(600_000);
    const head = 'POST /mcp/v1/refuse-early HTTP/1.1\r\nHost: a\r\nContent-Length: ';
    socket.write(`${head}${body.length}\r\n\r\n${body.slice(0, 1000)}`);
    await eventually(() => expect(answers).toContain('HTTP/1.1 401'));
    answers = '';
    socket.write(`${body.slice(1000)}GET /mcp/v1/next HTTP/1.1\r\nHost: a\r\n\r\n`);
    await eventually(() => expect(socket.closed || answers.includes('/mcp/v1/next')).toBe(true));
    socket.destroy();
  });

  it.each(['/mcp/v1/silent-stream', '/mcp/v1/stream'])(
    'opens %s before its first event, passes events at once, and ends it when the client goes',
    async (path) => {
      const outgoing = request({ port: plane.portOf('standalone'), host: '127.0.0.1', path });
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
      await eventually(() => expect(plane.stub('mcp-proxy').aborted).toContain(path));
    },
  );

  it('ends the call to an app that has not answered yet when the client goes', async () => {
    const options = { port: plane.portOf('standalone'), host: '127.0.0.1', method: 'POST' };
    const outgoing = request({ ...options, path: '/mcp/v1/hang' });
    outgoing.on('error', () => undefined);
    outgoing.end('{}');
    await eventually(() => expect(plane.stub('mcp-proxy').begun).toContain('/mcp/v1/hang'));
    outgoing.destroy();
    await eventually(() => expect(plane.stub('mcp-proxy').aborted).toContain('/mcp/v1/hang'));
  });

  it('cuts the answer when the app cuts it, and does not end it as if it were whole', async () => {
    await expect(plane.send('standalone', '/mcp/v1/cut')).rejects.toThrow(/aborted|hang up/u);
  });

  it('answers 502 when an app is down', async () => {
    const nowhere = await freePort();
    const edge = await plane.edge.open('standalone', () => nowhere);
    for (const body of [undefined, 'small', 'x'.repeat(300_000)]) {
      const answer = await httpRequest(edge.port, '/api/v1/audit/events', {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body: Buffer.from(body) }),
      });
      expect(answer.status).toBe(502);
      expect(JSON.parse(answer.body)).toMatchObject({
        code: 'upstream_unavailable',
        detail: 'audit-writer did not answer.',
      });
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    await edge.close();
  });
}
