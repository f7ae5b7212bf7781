import { createServer, type Server } from 'node:http';
import { Readable } from 'node:stream';
import type { AppName } from '@behavry/contracts';

/** A process in an app's place: says which app it is and what reached it. */
export class StubApp {
  readonly server: Server;
  readonly aborted: string[] = [];
  /** Requests whose body arrived to its end. */
  readonly whole: string[] = [];

  constructor(readonly app: AppName) {
    this.server = createServer((incoming, outgoing) => {
      const path = incoming.url ?? '';
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) this.aborted.push(path);
      });
      incoming.once('end', () => this.whole.push(path));
      if (path.endsWith('/flood')) {
        outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
        Readable.from(
          (function* () {
            for (;;) yield Buffer.alloc(65_536);
          })(),
        ).pipe(outgoing);
        return;
      }
      if (path.endsWith('/hang')) return;
      if (path.endsWith('/silent-stream') || path.endsWith('/stream')) {
        outgoing.writeHead(200, { 'content-type': 'text/event-stream' });
        outgoing.flushHeaders();
        if (path.endsWith('/stream')) outgoing.write('data: one\n\n');
        return;
      }
      if (path.endsWith('/cut')) {
        outgoing.writeHead(200, { 'content-type': 'text/plain' });
        outgoing.write('half', () => outgoing.destroy());
        return;
      }
      if (path.endsWith('/echo')) {
        outgoing.writeHead(200, { 'content-type': 'application/octet-stream' });
        incoming.pipe(outgoing);
        return;
      }
      incoming.resume();
      outgoing.writeHead(path.endsWith('/busy') ? 503 : 200, {
        'content-type': 'application/json',
        connection: 'keep-alive, x-between',
        'x-between': '1',
        ...(path.endsWith('/own') ? { 'referrer-policy': 'same-origin' } : {}),
      });
      outgoing.end(
        JSON.stringify({
          app,
          path,
          method: incoming.method,
          headers: incoming.headers,
          raw: incoming.rawHeaders,
        }),
      );
    });
  }
}
