import type { McpServerEntry } from '@behavry/contracts';
import { killSwitchFor } from '@behavry/domain';
import type { PlaneView } from '@behavry/pipeline';
import type { UpstreamSession } from '../upstream/upstream-session';
import type { OpenCalls } from './open-calls';

/** One agent's session with one server, under an id of ours. */
export interface McpSession {
  readonly id: string;
  readonly agentId: string;
  readonly tenantId: string;
  /** `jti` of the token that opened it. */
  readonly tokenSessionId: string;
  /** When that token was issued, in ms since the Unix epoch. */
  readonly tokenIssuedAt: number;
  readonly server: McpServerEntry;
  readonly upstream: UpstreamSession;
  readonly calls: OpenCalls;
  /** Ids of events that the client was sent: from nowhere else may it want to go on. */
  readonly eventIds: Set<string>;
  lastUsedAt: number;
  /** Exchanges under way; a session in use is never idle. */
  inUse: number;
}

export type NewSession = Pick<
  McpSession,
  'agentId' | 'tenantId' | 'tokenSessionId' | 'tokenIssuedAt' | 'server' | 'upstream' | 'calls'
>;

export interface SessionStoreOptions {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly idleMs: number;
  readonly maxPerAgent: number;
  /** Makes an id that nobody can guess. */
  readonly makeId: () => string;
}

/** A place for a session that is about to be opened: taken before a process or connection costs anything. */
export interface Reservation {
  /** Keeps the session that was opened. */
  fill(session: NewSession): McpSession;
  /** Gives the place back, unless it was filled. */
  release(): void;
}

const MAX_EVENT_IDS = 1_000;

/** The open sessions of this process. Ids cannot be guessed and worth nothing without their agent's token. */
export class SessionStore {
  readonly #sessions = new Map<string, McpSession>();
  readonly #reserved = new Map<string, number>();
  readonly #options: SessionStoreOptions;

  constructor(options: SessionStoreOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * Takes a place for an agent's next session; its least recently used idle one makes room when it has too many.
   * @returns undefined when all its places are in use
   */
  reserve(agentId: string): Reservation | undefined {
    const own = [...this.#sessions.values()].filter((session) => session.agentId === agentId);
    const reserved = this.#reserved.get(agentId) ?? 0;
    if (own.length + reserved >= this.#options.maxPerAgent) {
      const idle = own.filter(({ inUse }) => inUse === 0);
      const [first, ...others] = idle;
      if (!first) return undefined;
      void this.end(others.reduce((a, b) => (b.lastUsedAt < a.lastUsedAt ? b : a), first));
    }
    this.#reserved.set(agentId, reserved + 1);
    let isOpen = true;
    const release = (): void => {
      if (!isOpen) return;
      isOpen = false;
      const left = (this.#reserved.get(agentId) ?? 1) - 1;
      if (left > 0) this.#reserved.set(agentId, left);
      else this.#reserved.delete(agentId);
    };
    return {
      fill: (session) => {
        release();
        return this.#add(session);
      },
      release,
    };
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

  #add(session: NewSession): McpSession {
    const kept: McpSession = {
      ...session,
      id: this.#options.makeId(),
      eventIds: new Set(),
      lastUsedAt: this.#options.now(),
      inUse: 0,
    };
    this.#sessions.set(kept.id, kept);
    return kept;
  }
}

/** Remembers an event id that a client was sent; the oldest is forgotten. */
export function rememberEvent({ eventIds }: McpSession, id: string): void {
  eventIds.add(id);
  const [oldest] = eventIds;
  if (eventIds.size > MAX_EVENT_IDS && oldest !== undefined) eventIds.delete(oldest);
}

function isStillAllowed(session: McpSession, plane: PlaneView): boolean {
  const { config } = plane;
  if (!config) return true;
  const { agentId, tenantId, server, tokenIssuedAt } = session;
  const agent = config.agent(agentId);
  const current = config.server(server.id);
  return (
    !config.document.suspended &&
    !plane.hasSessionEnded(session.tokenSessionId) &&
    agent?.status === 'active' &&
    (agent.tokens_not_before === null || tokenIssuedAt >= Date.parse(agent.tokens_not_before)) &&
    current?.enabled === true &&
    JSON.stringify(current) === JSON.stringify(server) &&
    !killSwitchFor(config.document.kill_switches, {
      tenantId,
      agentId,
      serverId: server.id,
      toolName: '',
      model: '',
    })
  );
}
