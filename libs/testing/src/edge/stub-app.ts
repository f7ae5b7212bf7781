import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import type { AddressInfo } from 'node:net';
import type { AppName } from '@behavry/contracts';

/** A process in an app's place: says which app it is and what reached it; the end of a path names what it does. */
export class StubApp {
  readonly server: Server;
  /** Requests whose head arrived. */
  readonly begun: string[] = [];
  readonly aborted: string[] = [];
  /** Requests whose body arrived to its end. */
  readonly whole: string[] = [];
  connections = 0;

  constructor(readonly app: AppName) {
    this.server = createServer((incoming, outgoing) => this.#answer(incoming, outgoing));
    this.server.on('connection', () => (this.connections += 1));
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  #answer(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = incoming.url ?? '';
    this.begun.push(path);
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) this.aborted.push(path);
    });
    incoming.once('end', () => this.whole.push(path));
    switch (path.slice(path.lastIndexOf('/') + 1)) {
      case 'flood':
        outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
        Readable.from(zeros()).pipe(outgoing);
        return;
      case 'hang':
        return;
      case 'silent-stream':
      case 'stream':
        outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
        outgoing.flushHeaders();
        if (path.endsWith('/stream')) outgoing.write('data: one\n\n');
        return;
      case 'cut':
        outgoing.writeHead(200, { 'content-type': 'text/plain' });
        outgoing.write('half', () => outgoing.destroy());
        return;
      case 'echo':
        outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
        incoming.pipe(outgoing);
        return;
      case 'read-then-echo':
        void incoming.toArray().then((chunks: Buffer[]) => outgoing.end(Buffer.concat(chunks)));
        return;
      case 'refuse-early':
        // As the proxies do: no body of a stranger is kept. It is thrown away as it comes, for a connection that is
        // closed before may take the answer with it.
        outgoing.writeHead(401, { 'content-type': 'application/problem+json' });
        outgoing.end('{"code":"unauthenticated"}');
        return;
      default:
        incoming.resume();
        this.#tell(path, incoming, outgoing);
    }
  }

  #tell(path: string, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method, headers, rawHeaders } = incoming;
    outgoing.writeHead(path.endsWith('/busy') ? 503 : 200, {
      'content-type': 'application/json',
      connection: 'keep-alive, x-between',
      'x-between': '1',
      ...(path.endsWith('/own') ? { 'referrer-policy': 'same-origin' } : {}),
      ...(path.endsWith('/commands') ? { 'x-accel-redirect': '/api/v1/auth/elsewhere' } : {}),
    });
    outgoing.end(JSON.stringify({ app: this.app, path, method, headers, raw: rawHeaders }));
  }
}

function* zeros(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}
