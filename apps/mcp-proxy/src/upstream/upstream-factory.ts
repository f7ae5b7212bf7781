import { Pool } from 'undici';
import type { McpServerEntry } from '@behavry/contracts';
import {
  guardedConnector,
  SecretReferenceError,
  type AddressGuard,
  type UpstreamSecrets,
} from '@behavry/platform';
import { HttpUpstream } from './http-upstream';
import { startThroughHost } from './stdio-connection';
import { StdioUpstream } from './stdio-upstream';
import { UpstreamSetupError, type UpstreamSession } from './upstream-session';

export interface UpstreamFactoryOptions {
  readonly secrets: UpstreamSecrets;
  /** Decides where a registered URL may lead. */
  readonly guard: AddressGuard;
  /** Unix socket of stdio-host; undefined when this plane has none. */
  readonly stdioSocket: string | undefined;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Told when a server process has ended. */
  readonly onEnd: (serverId: string) => void;
  /** Told why a connection was not made. */
  readonly onRefused: (reason: string) => void;
}

const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'accept',
  'accept-encoding',
  'user-agent',
  'mcp-session-id',
  'mcp-protocol-version',
  'last-event-id',
]);

/** Opens sessions with registered servers. Connections to one origin are shared by all agents, sessions never. */
export class UpstreamFactory {
  readonly #options: UpstreamFactoryOptions;
  readonly #pools = new Map<string, Pool>();

  constructor(options: UpstreamFactoryOptions) {
    this.#options = options;
  }

  /** @throws UpstreamSetupError when the entry cannot be used on this plane */
  async open(server: McpServerEntry): Promise<UpstreamSession> {
    return server.transport === 'stdio' ? this.#openStdio(server) : this.#openHttp(server);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.destroy()));
  }

  async #openHttp(server: McpServerEntry): Promise<UpstreamSession> {
    const url = server.url !== null && URL.canParse(server.url) ? new URL(server.url) : undefined;
    if (!url || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
      throw new UpstreamSetupError(`server ${server.id} has no usable URL`);
    }
    const headers = await this.#resolved(server, url);
    for (const name of Object.keys(headers)) {
      if (OWN_HEADERS.has(name.toLowerCase()))
        throw new UpstreamSetupError(`server ${server.id} may not set ${name}`);
    }
    const { timeoutMs, maxBytes } = this.#options;
    return new HttpUpstream({
      pool: this.#poolOf(url),
      path: `${url.pathname}${url.search}`,
      headers,
      timeoutMs,
      maxBytes,
    });
  }

  async #resolved({ id, headers }: McpServerEntry, url: URL): Promise<Record<string, string>> {
    try {
      return await this.#options.secrets.resolve(headers, { id, url });
    } catch (cause) {
      if (cause instanceof SecretReferenceError) throw new UpstreamSetupError(cause.message);
      throw cause;
    }
  }

  async #openStdio({ id, command, args, env }: McpServerEntry): Promise<UpstreamSession> {
    const { stdioSocket, timeoutMs, maxBytes, onEnd } = this.#options;
    if (command === null) throw new UpstreamSetupError(`server ${id} has no command`);
    if (stdioSocket === undefined)
      throw new UpstreamSetupError(`server ${id} is a process, and BEHAVRY_STDIO_SOCKET names no stdio-host`);
    const connection = await startThroughHost(stdioSocket, { server_id: id, command, args, env });
    return new StdioUpstream({ connection, timeoutMs, maxBytes, onEnd: () => onEnd(id) });
  }

  #poolOf(url: URL): Pool {
    const { guard, onRefused } = this.#options;
    let pool = this.#pools.get(url.origin);
    if (!pool) {
      pool = new Pool(url.origin, {
        connections: 1_024,
        pipelining: 1,
        connect: guardedConnector({ guard, origin: url, timeoutMs: 5_000, onRefused }),
        keepAliveTimeout: 30_000,
      });
      this.#pools.set(url.origin, pool);
    }
    return pool;
  }
}
