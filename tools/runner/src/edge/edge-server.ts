import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { BalancedPool } from 'undici';
import { routeFor, type AppName, type Mode } from '@behavry/contracts';
import { forward } from './forward';
import { sendProblem, type Exchange } from './problem';
import { safePath } from './safe-path';

/** Where the apps of a plane listen. */
export interface EdgeOptions {
  readonly mode: Mode;
  /** Base URL of each replica of an app; they take turns. */
  readonly appUrls: (app: AppName) => readonly string[];
  /** How long a client may take nothing of an answer that waits for it, in ms. */
  readonly stalledMs?: number;
}

const STALLED_MS = 60_000;

/** Longest wait for the first byte of an answer: above every held call and every long poll. */
const HEADERS_TIMEOUT_MS = 120_000;
/** Longest time that a whole request may take to arrive. */
const REQUEST_TIMEOUT_MS = 300_000;

/**
 * The one address of a plane: sends each path to the app that the route table names, in the modes it
 * names, and nothing else anywhere. Bodies and answers are streamed in both directions. What could be
 * read as two requests is refused by the parser, and every message is framed anew behind it.
 */
export class Edge {
  readonly server: Server;
  readonly #options: EdgeOptions;
  readonly #pools = new Map<AppName, BalancedPool>();

  constructor(options: EdgeOptions) {
    this.#options = options;
    this.server = createServer(
      { keepAliveTimeout: 75_000, requestTimeout: REQUEST_TIMEOUT_MS, insecureHTTPParser: false },
      (request, response) => {
        // A broken connection is dealt with where the exchange ends; it must not end the process.
        request.on('error', () => undefined);
        this.#serve({ request, response });
      },
    );
  }

  /** @param port 0 for any free one */
  async listen(port: number): Promise<void> {
    this.server.listen(port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  /** Takes no more connections and cuts those that are open. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await Promise.all([closed, ...[...this.#pools.values()].map((pool) => pool.destroy())]);
  }

  #serve(exchange: Exchange): void {
    const { request } = exchange;
    const target = request.url ?? '';
    const checked = safePath(target);
    if (!checked.ok) {
      sendProblem(exchange, 'bad_request', `The path is not accepted: ${checked.why}.`);
      return;
    }
    if (countOf(request, 'host') > 1) {
      sendProblem(exchange, 'bad_request', 'A request names one Host.');
      return;
    }
    const { mode } = this.#options;
    const row = routeFor(checked.path);
    if (!row) sendProblem(exchange, 'not_found', 'There is nothing at this path.');
    else if (!row.modes.includes(mode)) {
      const detail = `The route group "${row.group}" is not part of the mode ${mode}.`;
      sendProblem(exchange, 'route_not_in_mode', detail);
    } else {
      forward(exchange, this.#poolOf(row.app), {
        stalledMs: this.#options.stalledMs ?? STALLED_MS,
        onFailure: () => sendProblem(exchange, 'upstream_unavailable', `${row.app} did not answer.`),
      });
    }
  }

  #poolOf(app: AppName): BalancedPool {
    let pool = this.#pools.get(app);
    if (!pool) {
      pool = new BalancedPool([...this.#options.appUrls(app)], {
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout: 0,
        connect: { timeout: 5_000 },
      });
      this.#pools.set(app, pool);
    }
    return pool;
  }
}

/** How often a header stands in a request; the parser keeps only the first of most. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const each = rawHeaders[at] ?? '';
    if (each.length === name.length && each.toLowerCase() === name) count += 1;
  }
  return count;
}
