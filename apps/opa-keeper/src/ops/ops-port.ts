import { createServer, type Server, type ServerResponse } from 'node:http';
import type { OpaKeeper } from '../opa/opa-keeper';
import type { KeeperMetrics } from './keeper-metrics';

const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Health of the keeper in the words of every app's ops port, and the metrics of whichever OPA decides. OPA's own
 * diagnostic port would be taken while a second OPA is tried, and asks for the token that a scraper does not have.
 */
export class OpsPort {
  readonly #server: Server;

  constructor(keeper: OpaKeeper, metrics: KeeperMetrics) {
    const answers: Readonly<Record<string, (response: ServerResponse) => Promise<void> | void>> = {
      '/health/live': (response) => health(response, undefined),
      '/health/ready': async (response) => health(response, await keeper.notReady()),
      '/health': async (response) => health(response, await keeper.notReady()),
      '/metrics': async (response) => {
        const ofOpa = (await keeper.current?.questions.metrics()) ?? '';
        response.writeHead(200, { 'content-type': METRICS_TYPE });
        response.end(`${await metrics.text()}\n${ofOpa}`);
      },
    };
    this.#server = createServer((request, response) => {
      const [path = ''] = (request.url ?? '').split('?');
      const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
      if (request.method === 'GET' && answer) void answer(response);
      else response.writeHead(404).end();
    });
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((listening, failed) => {
      this.#server.once('error', failed);
      this.#server.listen(port, host, listening);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

function health(response: ServerResponse, detail: string | undefined): void {
  const ready = detail === undefined;
  const checks = { opa: ready ? { ready } : { ready, detail } };
  response.writeHead(ready ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ status: ready ? 'ok' : 'not_ready', service: 'opa-keeper', checks }));
}
