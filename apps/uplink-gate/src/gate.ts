import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Logger } from '@behavry/platform';

const CONNECT_MS = 10_000;
/** Above the longest poll, which is silent for 50 s. */
const IDLE_MS = 120_000;
const MAX_CONNECTIONS = 256;
const MAX_NAMED = 200;

/** Host and port of one server. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface GateOptions {
  /** The only place that is let through. */
  readonly place: Place;
  /** An HTTP proxy to go through, with its credentials. */
  readonly proxy?: URL;
  readonly log: Logger;
}

/** @returns where an https URL leads */
export function placeOf(url: string): Place {
  const { hostname, port } = new URL(url);
  return { host: hostname.replace(/^\[|\]$/g, '').toLowerCase(), port: port === '' ? 443 : Number(port) };
}

/**
 * The one door of a plane's inner network: an HTTP proxy (CONNECT, RFC 9110 §9.3.6) that leads to one place and nowhere
 * else. What goes through is encrypted end to end; the gate sees how much, not what.
 */
export class UplinkGate {
  readonly server: Server;
  readonly #sockets = new Set<Duplex>();

  constructor(private readonly options: GateOptions) {
    this.server = createServer(
      { requestTimeout: CONNECT_MS, headersTimeout: CONNECT_MS },
      (incoming, answer) => {
        const isProbe = incoming.method === 'GET' && incoming.url === '/health/live';
        answer.writeHead(isProbe ? 200 : 405, { 'content-type': 'application/json', connection: 'close' });
        answer.end(
          isProbe ? '{"status":"ok"}' : '{"code":"method_not_allowed","detail":"Only CONNECT is served."}',
        );
      },
    );
    this.server.maxConnections = MAX_CONNECTIONS;
    this.server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
      void this.#open(incoming, client, head);
    });
  }

  async listen(host: string, port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, resolve);
    });
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.server.closeAllConnections();
    await closed;
  }

  async #open(incoming: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const { place, log } = this.options;
    this.#keep(client);
    const wanted = incoming.url ?? '';
    if (!isPlace(wanted, place)) {
      log.warn({ wanted: wanted.slice(0, MAX_NAMED) }, 'refused: only the control plane is let through');
      client.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    try {
      const far = await this.#reach();
      this.#keep(far);
      if (client.destroyed) {
        far.destroy();
        return;
      }
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      if (head.length > 0) far.write(head);
      join(client, far);
    } catch (error) {
      log.warn({ err: error }, 'the control plane cannot be reached');
      client.end('HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }
  }

  #reach(): Promise<Socket> {
    const { place, proxy } = this.options;
    return proxy === undefined ? direct(place) : through(proxy, place);
  }

  #keep(socket: Duplex): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
  }
}

/** Whether a CONNECT's target is the place: one host, one port, nothing around them. */
function isPlace(target: string, { host, port }: Place): boolean {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/.exec(target);
  return (parts?.[1] ?? parts?.[2])?.toLowerCase() === host && Number(parts?.[3]) === port;
}

function direct({ host, port }: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_MS }, () => resolve(socket));
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`${host}:${port} did not answer in time`)));
  });
}

function through(proxy: URL, { host, port }: Place): Promise<Socket> {
  const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const credentials = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  return new Promise((resolve, reject) => {
    const asked = request({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port || 80,
      method: 'CONNECT',
      path: target,
      timeout: CONNECT_MS,
      headers: {
        host: target,
        ...(proxy.username === ''
          ? {}
          : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` }),
      },
    });
    asked.once('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket);
      else {
        socket.destroy();
        reject(new Error(`the further proxy answered ${statusCode}`));
      }
    });
    asked.once('timeout', () => asked.destroy(new Error('the further proxy did not answer in time')));
    asked.once('error', reject);
    asked.end();
  });
}

/** Two ends as one connection: what ends or fails on one side does so on the other. */
function join(client: Duplex, far: Socket): void {
  far.setTimeout(IDLE_MS, () => far.destroy());
  client.pipe(far);
  far.pipe(client);
  client.once('close', () => far.destroy());
  far.once('close', () => client.destroy());
}
