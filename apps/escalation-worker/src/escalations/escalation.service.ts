import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { KillSwitch } from '@behavry/contracts';
import {
  EscalationRepository,
  pendingFigures,
  type Escalation,
  type EscalationStatus,
  type OpenEscalation,
  type PendingFigures,
} from '@behavry/db-data';
import {
  ChangeLog,
  Clock,
  PlaneState,
  ProblemError,
  ServiceContext,
  withTenant,
  type PageQuery,
  type Person,
} from '@behavry/platform';
import { killSwitchFor } from '@behavry/domain';
import { DecisionFeed } from '../claims/decision-feed';
import { openPayload, type HeldPayload } from '../claims/sealed-arguments';

/** Settled arguments are forgotten after this time; the record keeps their digest. */
const ARGUMENTS_KEPT_MS = 10 * 60_000;
const OPEN_AT_ONCE = 500;

/** What people and deadlines do to escalations. */
@Injectable()
export class EscalationService {
  /** Whether something opened since kill switches were last compared with what is open. */
  #hasNew = true;
  /** The config document of that time. */
  #comparedWith = 0;

  constructor(
    private readonly database: DataSource,
    private readonly feed: DecisionFeed,
    private readonly changes: ChangeLog,
    private readonly state: PlaneState,
    private readonly clock: Clock,
    private readonly context: ServiceContext,
  ) {}

  /** A call began to wait: a kill switch that is thrown already may end it. */
  opened(): void {
    this.#hasNew = true;
  }

  list(
    tenantId: string,
    status: EscalationStatus | undefined,
    page: PageQuery,
  ): Promise<{ readonly escalations: readonly Escalation[]; readonly total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new EscalationRepository(manager, tenantId).list(status, page),
    );
  }

  /**
   * @returns what would go upstream, as the agent sent it; undefined when it was forgotten
   * @throws ProblemError 404
   */
  async payload(tenantId: string, id: string): Promise<HeldPayload | undefined> {
    const sealed = await withTenant(this.database, tenantId, (manager) =>
      new EscalationRepository(manager, tenantId).sealedArguments(id),
    );
    return openPayload(this.context.keys, sealed);
  }

  /** @throws ProblemError 404 */
  async get(tenantId: string, id: string): Promise<Escalation> {
    const found = await withTenant(this.database, tenantId, (manager) =>
      new EscalationRepository(manager, tenantId).byId(id),
    );
    if (!found) throw new ProblemError('not_found', 'There is no escalation with this id.');
    return found;
  }

  /**
   * A person decides. Recorded with the decision, in one transaction.
   * @throws ProblemError 404 when there is none, 409 when it was decided before or ran out
   */
  async resolve(
    person: Person,
    id: string,
    verdict: 'approved' | 'denied',
    comment: string | undefined,
  ): Promise<Escalation> {
    const now = new Date(this.clock.now());
    const decided = await withTenant(this.database, person.tenantId, async (manager) => {
      const escalations = new EscalationRepository(manager, person.tenantId);
      const done = await escalations.decide(id, {
        verdict,
        by: person.username,
        comment: comment ?? null,
        now,
      });
      if (!done) return undefined;
      await this.changes.record(manager, {
        tenantId: person.tenantId,
        personId: person.id,
        username: person.username,
        action: verdict === 'approved' ? 'escalation.approve' : 'escalation.deny',
        target: id,
        detail: { agent_id: done.agentId, server: done.server, tool: done.tool, comment: comment ?? null },
      });
      await this.feed.announce(manager, [id]);
      return done;
    });
    if (decided) return decided;
    const present = await this.get(person.tenantId, id);
    const state = present.status === 'pending' ? 'expired' : present.status;
    throw new ProblemError('state_conflict', `This escalation is ${state}; it can no longer be decided.`);
  }

  /** What waits for a person in a tenant. */
  waiting(tenantId: string): Promise<PendingFigures> {
    return withTenant(this.database, tenantId, (manager) => pendingFigures(manager, tenantId));
  }

  /** Lets deadlines pass, ends what a kill switch stopped, and forgets old arguments of the served tenant. */
  async sweep(): Promise<void> {
    const config = this.state.get('config');
    if (!config) return;
    const { tenant_id: tenantId, kill_switches: switches } = config.value;
    const now = new Date(this.clock.now());
    const isDue = this.#hasNew || config.version !== this.#comparedWith;
    this.#hasNew = false;
    try {
      await withTenant(this.database, tenantId, async (manager) => {
        const escalations = new EscalationRepository(manager, tenantId);
        const expired = await escalations.expire(now);
        const cancelled = isDue ? await this.#cancelStopped(escalations, tenantId, switches, now) : [];
        await escalations.forgetArguments(new Date(now.getTime() - ARGUMENTS_KEPT_MS));
        await this.feed.announce(manager, [...expired, ...cancelled]);
      });
      this.#comparedWith = config.version;
    } catch (error) {
      this.#hasNew = true;
      throw error;
    }
  }

  async #cancelStopped(
    escalations: EscalationRepository,
    tenantId: string,
    switches: readonly KillSwitch[],
    now: Date,
  ): Promise<readonly string[]> {
    const cancelled: string[] = [];
    let page: readonly OpenEscalation[] = [];
    do {
      if (switches.length === 0) break;
      page = await escalations.open(page.at(-1)?.id, OPEN_AT_ONCE);
      const stopped = page.filter(
        ({ agentId, server, tool }) =>
          killSwitchFor(switches, { tenantId, agentId, serverId: server, toolName: tool, model: '' }) !==
          undefined,
      );
      if (stopped.length > 0)
        cancelled.push(
          ...(await escalations.cancel(
            stopped.map(({ id }) => id),
            'kill switch',
            now,
          )),
        );
    } while (page.length === OPEN_AT_ONCE);
    return cancelled;
  }
}
