import { randomBytes } from 'node:crypto';
import type { ProxyReplica } from '@behavry/contracts';
import type { Clock, Logger, PlaneState } from '@behavry/platform';

export interface ReplicasOptions {
  readonly state: PlaneState;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where the others reach the ops port of this one. */
  readonly opsUrl: string;
}

const TELL_MS = 20_000;
/** A replica that told nothing for so long is gone. Long, because a wrong guess costs its sessions. */
const GONE_MS = 120_000;

/**
 * The live replicas of this app, as plane state tells them. A session's id begins with the id of the replica that has
 * it, which is random for each process: it carries no address, and whoever forges one reaches at most a replica that
 * does not know the session.
 */
export class Replicas {
  readonly #id = randomBytes(9).toString('base64url');
  #timer: NodeJS.Timeout | undefined;
  #left: Promise<void> | undefined;

  constructor(private readonly options: ReplicasOptions) {}

  /** Tells the others of this one, now and from time to time. @throws when the plane's store cannot be reached */
  async join(): Promise<void> {
    await this.#tell();
    this.#timer = setInterval(() => {
      this.#tell().catch((error: unknown) => {
        this.options.log.warn({ err: error }, 'the other replicas could not be told that this one lives');
      });
    }, TELL_MS);
    this.#timer.unref();
  }

  /** From now on the others answer for its sessions that there are none; also when they cannot be told. */
  leave(): void {
    clearInterval(this.#timer);
    this.#left = this.#write((others) => others).catch((error: unknown) => {
      this.options.log.warn({ err: error }, 'the other replicas could not be told that this one ends');
    });
  }

  /** Resolves when the others were told that it leaves. */
  async close(): Promise<void> {
    await this.#left;
  }

  /** @returns a session id that nobody can guess */
  makeSessionId(): string {
    return `${this.#id}.${randomBytes(24).toString('base64url')}`;
  }

  /** @returns whether a session of this id can only be here */
  isOwn(sessionId: string): boolean {
    return replicaOf(sessionId) === this.#id;
  }

  /** @returns base URL of the ops port of the other replica that has a session; undefined when there is none */
  ownerOf(sessionId: string): string | undefined {
    const id = replicaOf(sessionId);
    const replicas = this.options.state.get('mcp.replicas')?.value.replicas ?? {};
    return id !== this.#id && Object.hasOwn(replicas, id) ? replicas[id]?.ops_url : undefined;
  }

  #tell(): Promise<void> {
    const own = { ops_url: this.options.opsUrl, at: new Date(this.options.clock.now()).toISOString() };
    return this.#write((others) => ({ ...others, [this.#id]: own }));
  }

  async #write(
    make: (others: Readonly<Record<string, ProxyReplica>>) => Readonly<Record<string, ProxyReplica>>,
  ): Promise<void> {
    const since = this.options.clock.now() - GONE_MS;
    await this.options.state.update('mcp.replicas', (present) => {
      const others = Object.entries(present?.replicas ?? {}).filter(
        ([id, { at }]) => id !== this.#id && Date.parse(at) > since,
      );
      return { replicas: make(Object.fromEntries(others)) };
    });
  }
}

function replicaOf(sessionId: string): string {
  return sessionId.split('.', 1)[0] ?? '';
}
