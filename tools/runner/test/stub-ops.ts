import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The ops port of an app that is ready, or that has no policy yet. */
export class StubOps {
  private constructor(private readonly server: Server) {}

  static async listen(isReady: boolean): Promise<StubOps> {
    const server = createServer((_incoming, outgoing) => {
      outgoing.writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ checks: { opa: { ready: isReady, detail: 'no policy yet' } } }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new StubOps(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
