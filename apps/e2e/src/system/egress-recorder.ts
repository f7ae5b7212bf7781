import { createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly authorization: string;
  readonly body: string;
  readonly status: number;
}

/** Stands between the planes: passes everything on and remembers what the data plane said. */
export class EgressRecorder {
  readonly requests: RecordedRequest[] = [];
  #server: Server | undefined;

  private constructor(readonly target: URL) {}

  static async start(targetUrl: string): Promise<EgressRecorder> {
    const recorder = new EgressRecorder(new URL(targetUrl));
    const server = createServer((incoming, outgoing) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const body = Buffer.concat(chunks);
        const onward = httpRequest(
          {
            host: recorder.target.hostname,
            port: recorder.target.port,
            method: incoming.method,
            path: incoming.url,
            headers: incoming.headers,
          },
          (answer) => {
            recorder.requests.push({
              method: incoming.method ?? '',
              path: incoming.url ?? '',
              authorization: incoming.headers.authorization ?? '',
              body: body.toString('utf8'),
              status: answer.statusCode ?? 0,
            });
            outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
            answer.pipe(outgoing);
          },
        );
        onward.on('error', () => outgoing.writeHead(502).end());
        outgoing.on('close', () => onward.destroy());
        onward.end(body);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    recorder.#server = server;
    return recorder;
  }

  get url(): string {
    const { port } = this.#server?.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
