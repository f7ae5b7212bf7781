import { randomBytes } from 'node:crypto';
import type { McpServerEntry } from '@behavry/contracts';
import type { PlaneView } from '@behavry/pipeline';
import { killSwitchFor } from '@behavry/domain';
import type { UpstreamSession } from '../upstream/upstream-session';

/** One agent's session with one server, under an id of ours. */
export interface McpSession {
  readonly id: string;
  readonly agentId: string;
  readonly tenantId: string;
  /** `jti` of the token that opened it. */
  readonly tokenSessionId: string;
  readonly server: McpServerEntry;
  readonly upstream: UpstreamSession;
  /** The server's own requests that the client has been shown and may answer. */
  readonly serverRequests: Set<string>;
  lastUsedAt: number;
  /** Exchanges under way; a session in use is never idle. */
  inUse: number;
}

export type NewSession = Pick<McpSession, 'agentId' | 'tenantId' | 'tokenSessionId' | 'server' | 'upstream'>;

export interface SessionStoreOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly idleMs: number;
  readonly maxPerAgent: number;
}

/** The open sessions of this process. Ids are random and worth nothing without their agent's token. */
export class SessionStore {
  readonly #sessions = new Map<string, McpSession>();
  readonly #options: SessionStoreOptions;

  constructor(options: SessionStoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Keeps a new session; an agent's least recently used one makes room when it has too many. */
  add(session: NewSession): McpSession {
    const own = [...this.#sessions.values()].filter(({ agentId }) => agentId === session.agentId);
    if (own.length >= this.#options.maxPerAgent) {
      const oldest = own.reduce((a, b) => (b.lastUsedAt < a.lastUsedAt ? b : a));
      void this.end(oldest);
    }
    const kept: McpSession = {
      ...session,
      id: randomBytes(24).toString('base64url'),
      serverRequests: new Set(),
      lastUsedAt: this.#options.now(),
      inUse: 0,
    };
    this.#sessions.set(kept.id, kept);
    return kept;
  }

  /** @returns the session, if it belongs to this agent and server */
  find(id: string, agentId: string, serverId: string): McpSession | undefined {
    const session = this.#sessions.get(id);
    if (session?.agentId !== agentId || session.server.id !== serverId) return undefined;
    session.lastUsedAt = this.#options.now();
    return session;
  }

  /** Forgets a session and ends it on the other side. */
  async end(session: McpSession): Promise<void> {
    if (this.#sessions.delete(session.id)) await session.upstream.close();
  }

  /** Ends sessions that nobody used for too long. */
  sweep(): void {
    const oldest = this.#options.now() - this.#options.idleMs;
    for (const session of [...this.#sessions.values()]) {
      if (session.inUse === 0 && session.lastUsedAt < oldest) void this.end(session);
    }
  }

  /** Ends sessions whose agent, token or server is no longer what they were opened for. */
  review(plane: PlaneView): void {
    for (const session of [...this.#sessions.values()]) {
      if (!isStillAllowed(session, plane)) void this.end(session);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => this.end(session)));
  }
}

function isStillAllowed(session: McpSession, plane: PlaneView): boolean {
  const { config } = plane;
  if (!config) return true;
  const { agentId, tenantId, server } = session;
  const current = config.server(server.id);
  return (
    !plane.hasSessionEnded(session.tokenSessionId) &&
    config.agent(agentId)?.status === 'active' &&
    current?.enabled === true &&
    JSON.stringify(current) === JSON.stringify(server) &&
    !killSwitchFor(config.document.kill_switches, { tenantId, agentId, serverId: server.id, toolName: '' })
  );
}
