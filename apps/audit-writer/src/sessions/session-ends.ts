import { SessionRepository } from '@behavry/db-data';
import {
  ChangeLog,
  PlaneState,
  ProblemError,
  ServiceContext,
  withTenant,
  type Person,
} from '@behavry/platform';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Longer than any token lives; an ended session needs no telling after that. */
const TOLD_FOR_MS = 31 * 86_400_000;

/** Ends sessions and tells the proxies which have ended (lifecycle: plane state). */
@Injectable()
export class SessionEnds {
  constructor(
    private readonly context: ServiceContext,
    private readonly source: DataSource,
    private readonly state: PlaneState,
    private readonly changes: ChangeLog,
  ) {}

  /**
   * Ends a session for good; ending it twice is the same as once.
   * @throws ProblemError 404 when it is not known, 503 when it is ended but the proxies could not be told yet
   */
  async end(person: Person, id: string): Promise<void> {
    const { tenantId } = person;
    await withTenant(this.source, tenantId, async (manager) => {
      const now = new Date(this.context.clock.now());
      const ended = await new SessionRepository(manager, tenantId).end(id, person.username, now);
      if (ended === undefined) throw new ProblemError('not_found', 'No session has this id.');
      if (ended === 'ended_before') return;
      await this.changes.record(manager, {
        tenantId,
        personId: person.id,
        username: person.username,
        action: 'session.revoke',
        target: id,
        detail: {},
      });
    });
    try {
      await this.#publish(tenantId);
    } catch (error) {
      this.context.log.error({ err: error }, 'sessions: an end is stored but the proxies do not know it yet');
      throw new ProblemError(
        'unavailable',
        'The session is ended; telling the proxies is still being tried.',
      );
    }
  }

  /** Publishes when the proxies see something else than what is stored, or nothing: without a word they refuse. */
  async compare(tenantId: string): Promise<void> {
    const stored = await this.#stored(tenantId);
    const told = this.state.get('sessions.ended')?.value.sessions;
    if (told === undefined || Object.keys(stored).some((id) => told[id] === undefined))
      await this.#publish(tenantId);
  }

  /** Read within the update: of two replicas, none puts an older list over a newer one. */
  async #publish(tenantId: string): Promise<void> {
    await this.state.update('sessions.ended', async () => ({ sessions: await this.#stored(tenantId) }));
  }

  #stored(tenantId: string): Promise<Readonly<Record<string, string>>> {
    const since = new Date(this.context.clock.now() - TOLD_FOR_MS);
    return withTenant(this.source, tenantId, (manager) =>
      new SessionRepository(manager, tenantId).endedSince(since),
    );
  }
}
