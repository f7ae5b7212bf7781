import { Pool } from 'undici';
import type { McpServerEntry } from '@behavry/contracts';
import { HttpUpstream } from './http-upstream';
import type { SecretResolver } from './secret-resolver';
import { StdioUpstream } from './stdio-upstream';
import { UpstreamSetupError, type UpstreamSession } from './upstream-session';

export interface UpstreamFactoryOptions {
  readonly secrets: SecretResolver;
  /** Commands that stdio servers may be started with, exactly as the registry must name them. */
  readonly stdioCommands: readonly string[];
  /** Search path of started processes. */
  readonly searchPath: string;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly onExit: (serverId: string, code: number | null) => void;
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
    const headers = await this.#options.secrets.resolve(server.headers);
    for (const name of Object.keys(headers)) {
      if (OWN_HEADERS.has(name.toLowerCase()))
        throw new UpstreamSetupError(`server ${server.id} may not set ${name}`);
    }
    const { timeoutMs, maxBytes } = this.#options;
    return new HttpUpstream({
      pool: this.#poolOf(url.origin),
      path: `${url.pathname}${url.search}`,
      headers,
      timeoutMs,
      maxBytes,
    });
  }

  async #openStdio(server: McpServerEntry): Promise<UpstreamSession> {
    const { command, id } = server;
    const { stdioCommands, searchPath, timeoutMs, maxBytes, onExit } = this.#options;
    if (command === null || !stdioCommands.includes(command)) {
      throw new UpstreamSetupError(`the command of server ${id} is not on BEHAVRY_STDIO_COMMANDS`);
    }
    const env = await this.#options.secrets.resolve(server.env);
    return new StdioUpstream({
      command,
      args: server.args,
      env: { PATH: searchPath, LANG: 'C.UTF-8', ...env },
      timeoutMs,
      maxBytes,
      onExit: (code) => {
        onExit(id, code);
      },
    });
  }

  #poolOf(origin: string): Pool {
    let pool = this.#pools.get(origin);
    if (!pool) {
      pool = new Pool(origin, {
        connections: 1_024,
        pipelining: 1,
        connect: { timeout: 5_000 },
        keepAliveTimeout: 30_000,
      });
      this.#pools.set(origin, pool);
    }
    return pool;
  }
}
