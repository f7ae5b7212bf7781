import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { EscalationRepository, type Escalation, type EscalationStatus } from '@behavry/db-data';
import {
  ChangeLog,
  Clock,
  PlaneState,
  ProblemError,
  withTenant,
  type PageQuery,
  type Person,
} from '@behavry/platform';
import { killSwitchFor } from '@behavry/domain';
import { DecisionFeed } from '../claims/decision-feed';

/** Settled arguments are forgotten after this time; the record keeps their digest. */
const ARGUMENTS_KEPT_MS = 10 * 60_000;

/** What people and deadlines do to escalations. */
@Injectable()
export class EscalationService {
  constructor(
    private readonly database: DataSource,
    private readonly feed: DecisionFeed,
    private readonly changes: ChangeLog,
    private readonly state: PlaneState,
    private readonly clock: Clock,
  ) {}

  list(
    tenantId: string,
    status: EscalationStatus | undefined,
    page: PageQuery,
  ): Promise<{ readonly escalations: readonly Escalation[]; readonly total: number }> {
    return withTenant(this.database, tenantId, (manager) =>
      new EscalationRepository(manager, tenantId).list(status, page),
    );
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

  /** Lets deadlines pass, ends what a kill switch stopped, and forgets old arguments of the served tenant. */
  async sweep(): Promise<void> {
    const config = this.state.get('config')?.value;
    if (!config) return;
    const tenantId = config.tenant_id;
    const now = new Date(this.clock.now());
    await withTenant(this.database, tenantId, async (manager) => {
      const escalations = new EscalationRepository(manager, tenantId);
      const expired = await escalations.expire(now);
      const stopped = config.kill_switches.length === 0 ? [] : await escalations.open();
      const ids = stopped.filter(isStopped).map(({ id }) => id);
      const cancelled = ids.length === 0 ? [] : await escalations.cancel(ids, 'kill switch', now);
      await escalations.forgetArguments(new Date(now.getTime() - ARGUMENTS_KEPT_MS));
      await this.feed.announce(manager, [...expired, ...cancelled]);
    });

    function isStopped({ agentId, server, tool }: Escalation): boolean {
      const switches = config?.kill_switches ?? [];
      return killSwitchFor(switches, { tenantId, agentId, serverId: server, toolName: tool }) !== undefined;
    }
  }
}
