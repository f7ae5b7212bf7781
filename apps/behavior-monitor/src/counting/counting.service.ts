import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditEvent } from '@behavry/contracts';
import {
  AlertRepository,
  auditEventOf,
  AuditQueryRepository,
  RiskRepository,
  type AgentRisk,
} from '@behavry/db-data';
import {
  assessRisk,
  DENIAL_WINDOW_MINUTES,
  denialAlertFor,
  isAgentDenial,
  NO_ACTIVITY,
  settleScore,
  tierOf,
  windowOf,
  withEvents,
  type ActivityEvent,
} from '@behavry/domain';
import { Clock, PlaneState, ServiceContext, uuidv7, withTenant } from '@behavry/platform';

const BATCH = 500;
/** A score that nothing happened to is looked at again after this time. */
const SETTLE_MS = 30_000;

/**
 * Counts audit rows into the risk of their agents, each row once: the cursor moves in the transaction that
 * counts. Raises alerts and publishes the scores for the next decision.
 */
@Injectable()
export class CountingService {
  constructor(
    private readonly database: DataSource,
    private readonly state: PlaneState,
    private readonly clock: Clock,
    private readonly context: ServiceContext,
  ) {}

  /** Counts everything that is there, lets old scores down, and publishes when something changed. */
  async run(tenantId: string): Promise<void> {
    let isChanged = this.state.get('risk') === undefined;
    for (;;) {
      const counted = await withTenant(this.database, tenantId, (manager) =>
        this.#countBatch(manager, tenantId),
      );
      isChanged ||= counted > 0;
      if (counted < BATCH) break;
    }
    const settled = await withTenant(this.database, tenantId, (manager) => this.#settle(manager, tenantId));
    if (isChanged || settled > 0) await this.#publish(tenantId);
  }

  async #countBatch(manager: EntityManager, tenantId: string): Promise<number> {
    const risks = new RiskRepository(manager, tenantId);
    const beyondSeq = await risks.lockCursor();
    const rows = await new AuditQueryRepository(manager, tenantId).page(
      {},
      { order: 'asc', beyondSeq, limit: BATCH },
    );
    const last = rows.at(-1);
    if (!last) return 0;
    const byAgent = new Map<string, AuditEvent[]>();
    for (const row of rows) {
      const event = auditEventOf(row);
      if (event.agent_id === null) continue;
      byAgent.set(event.agent_id, [...(byAgent.get(event.agent_id) ?? []), event]);
    }
    const known = new Map((await risks.byIds([...byAgent.keys()])).map((risk) => [risk.agentId, risk]));
    for (const [agentId, events] of byAgent) {
      await this.#count(manager, tenantId, agentId, known.get(agentId), events);
    }
    await risks.moveCursor(last.seq);
    return rows.length;
  }

  async #count(
    manager: EntityManager,
    tenantId: string,
    agentId: string,
    known: AgentRisk | undefined,
    events: readonly AuditEvent[],
  ): Promise<void> {
    const now = this.clock.now();
    const activity = withEvents(known?.activity ?? NO_ACTIVITY, events.map(activityOf), now);
    const assessed = assessRisk(activity, now);
    const score = settleScore(known?.score ?? 0, assessed.score, now - (known?.scoredAt.getTime() ?? now));
    const seen = new Date(now);
    const risk: AgentRisk = {
      agentId,
      score,
      tier: tierOf(score),
      parts: assessed.parts,
      activity,
      firstSeenAt: known?.firstSeenAt ?? seen,
      lastSeenAt: seen,
      scoredAt: seen,
    };
    await new RiskRepository(manager, tenantId).save(risk);
    if (known && known.tier !== risk.tier) {
      this.context.log.info(
        { agent: agentId, from: known.tier, to: risk.tier },
        'the risk tier of an agent changed',
      );
    }
    await this.#alert(manager, tenantId, risk);
  }

  async #alert(manager: EntityManager, tenantId: string, { agentId, activity }: AgentRisk): Promise<void> {
    const alerts = new AlertRepository(manager, tenantId);
    const resolvedAt = await alerts.lastResolvedAt('denial_rate', agentId);
    const now = this.clock.now();
    const window = windowOf(activity, now, DENIAL_WINDOW_MINUTES, resolvedAt?.getTime());
    const alert = denialAlertFor(window);
    if (!alert) return;
    const isNew = await alerts.raise({
      id: uuidv7(now),
      kind: 'denial_rate',
      agentId,
      ...alert,
      evidence: { calls: window.calls, denials: window.denials, minutes: window.minutes },
      at: new Date(now),
    });
    if (isNew)
      this.context.log.warn(
        { agent: agentId, severity: alert.severity },
        'alert: many calls of an agent are denied',
      );
  }

  /** Scores of quiet agents fall with time. */
  async #settle(manager: EntityManager, tenantId: string): Promise<number> {
    const risks = new RiskRepository(manager, tenantId);
    const now = this.clock.now();
    const quiet = await risks.unsettled(new Date(now - SETTLE_MS), BATCH);
    for (const risk of quiet) {
      const activity = withEvents(risk.activity, [], now);
      const assessed = assessRisk(activity, now);
      const score = settleScore(risk.score, assessed.score, now - risk.scoredAt.getTime());
      await risks.save({
        ...risk,
        activity,
        score,
        tier: tierOf(score),
        parts: assessed.parts,
        scoredAt: new Date(now),
      });
    }
    return quiet.length;
  }

  async #publish(tenantId: string): Promise<void> {
    const agents = await withTenant(this.database, tenantId, (manager) =>
      new RiskRepository(manager, tenantId).scores(),
    );
    const present = this.state.get('risk')?.value.agents;
    if (JSON.stringify(present) !== JSON.stringify(agents)) await this.state.put('risk', { agents });
  }
}

function activityOf(event: AuditEvent): ActivityEvent {
  return { atMs: Date.parse(event.ts), isDenial: isAgentDenial(event.verdict, event.reason_code) };
}
