import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import type { AuditFact, RiskScore, SequencedRecord } from '@behavry/contracts';
import { AlertRepository, AuditQueryRepository, RiskRepository, type AgentRisk } from '@behavry/db-data';
import {
  assessRisk,
  auditFactOf,
  DENIAL_WINDOW_MINUTES,
  denialAlertFor,
  isAgentDenial,
  NO_ACTIVITY,
  settleScore,
  tierOf,
  windowOf,
  withEvents,
  type AgentActivity,
} from '@behavry/domain';
import { Clock, PlaneState, ServiceContext, uuidv7, withTenant } from '@behavry/platform';

const BATCH = 500;
/** A score that nothing happened to is looked at again after this time. */
const SETTLE_MS = 30_000;
/** Scores are told anew by the first sweep after this time; sweeps are 15 s apart at most, the contract says 30 s. */
const TELL_MS = 15_000;

/**
 * Counts audit rows into the risk of their agents, each row once: the cursor moves in the transaction that
 * counts. Raises alerts and publishes the scores for the next decision.
 */
@Injectable()
export class CountingService {
  readonly #requesterKey: Buffer;

  constructor(
    private readonly database: DataSource,
    private readonly state: PlaneState,
    private readonly clock: Clock,
    private readonly context: ServiceContext,
  ) {
    this.#requesterKey = context.keys.derive('requester');
  }

  /**
   * Counts what was told, and reads what was not: rows before it, of a job that was lost or of another writer.
   * @param facts in the order of the chain
   */
  async count(tenantId: string, facts: readonly AuditFact[]): Promise<void> {
    const { risks, hasGap } = await withTenant(this.database, tenantId, async (manager) => {
      const cursor = await new RiskRepository(manager, tenantId).lockCursor();
      const fresh = facts.filter(({ seq }) => seq > cursor);
      const gap = fresh.findIndex(({ seq }, index) => seq !== cursor + 1 + index);
      const next = gap < 0 ? fresh : fresh.slice(0, gap);
      return { risks: await this.#countFacts(manager, tenantId, next), hasGap: gap >= 0 };
    });
    await this.#publish(tenantId, risks);
    if (hasGap) await this.catchUp(tenantId);
  }

  /** Counts every row that is there and was not counted. */
  async catchUp(tenantId: string): Promise<void> {
    for (;;) {
      const { risks, rows } = await withTenant(this.database, tenantId, async (manager) => {
        const beyondSeq = await new RiskRepository(manager, tenantId).lockCursor();
        const page = { order: 'asc', beyondSeq, limit: BATCH } as const;
        const stored = await new AuditQueryRepository(manager, tenantId).page({}, page);
        const facts = stored.map(({ canonical, personal }) =>
          auditFactOf(JSON.parse(canonical) as SequencedRecord, personal, this.#requesterKey),
        );
        return { risks: await this.#countFacts(manager, tenantId, facts), rows: stored.length };
      });
      await this.#publish(tenantId, risks);
      if (rows < BATCH) return;
    }
  }

  /** Lets the scores of quiet agents fall with time. */
  async settle(tenantId: string): Promise<void> {
    const now = this.clock.now();
    const risks = await withTenant(this.database, tenantId, async (manager) => {
      const repository = new RiskRepository(manager, tenantId);
      // Another replica may be counting the same agents.
      await repository.lockCursor();
      const quiet = await repository.unsettled(new Date(now - SETTLE_MS), BATCH);
      const settled = quiet.map((risk) => ({
        ...risk,
        ...scored(risk, withEvents(risk.activity, [], now), now),
      }));
      await repository.save(settled);
      return settled;
    });
    await this.#publish(tenantId, risks);
  }

  async #countFacts(
    manager: EntityManager,
    tenantId: string,
    facts: readonly AuditFact[],
  ): Promise<readonly AgentRisk[]> {
    const last = facts.at(-1);
    if (!last) return [];
    const repository = new RiskRepository(manager, tenantId);
    const byAgent = new Map<string, AuditFact[]>();
    for (const fact of facts) {
      if (fact.agent_id === null) continue;
      const own = byAgent.get(fact.agent_id);
      if (own) own.push(fact);
      else byAgent.set(fact.agent_id, [fact]);
    }
    const agentIds = [...byAgent.keys()];
    const known = new Map((await repository.byIds(agentIds)).map((risk) => [risk.agentId, risk]));
    const risks = [...byAgent].map(([agentId, own]) => this.#counted(agentId, known.get(agentId), own));
    await repository.save(risks);
    await this.#alert(manager, tenantId, risks);
    await repository.moveCursor(last.seq);
    return risks;
  }

  #counted(agentId: string, known: AgentRisk | undefined, facts: readonly AuditFact[]): AgentRisk {
    const now = this.clock.now();
    const seen = new Date(now);
    const events = facts.map(({ at_ms: atMs, verdict, reason_code: code }) => ({
      atMs,
      isDenial: isAgentDenial(verdict, code),
    }));
    const activity = withEvents(known?.activity ?? NO_ACTIVITY, events, now);
    const risk: AgentRisk = {
      agentId,
      firstSeenAt: known?.firstSeenAt ?? seen,
      lastSeenAt: seen,
      ...scored(known, activity, now),
    };
    if (known && known.tier !== risk.tier) {
      const change = { agent: agentId, from: known.tier, to: risk.tier };
      this.context.log.info(change, 'the risk tier of an agent changed');
    }
    return risk;
  }

  async #alert(manager: EntityManager, tenantId: string, risks: readonly AgentRisk[]): Promise<void> {
    const alerts = new AlertRepository(manager, tenantId);
    const now = this.clock.now();
    const denied = risks.filter(({ activity }) => windowOf(activity, now, DENIAL_WINDOW_MINUTES).denials > 0);
    if (denied.length === 0) return;
    const agentIds = denied.map(({ agentId }) => agentId);
    const resolvedAt = await alerts.lastResolvedAt('denial_rate', agentIds);
    for (const { agentId, activity } of denied) {
      const window = windowOf(activity, now, DENIAL_WINDOW_MINUTES, resolvedAt.get(agentId)?.getTime());
      const alert = denialAlertFor(window);
      if (!alert) continue;
      const { calls, denials, minutes } = window;
      const isNew = await alerts.raise({
        id: uuidv7(now),
        kind: 'denial_rate',
        agentId,
        ...alert,
        evidence: { calls, denials, minutes },
        at: new Date(now),
      });
      const about = { agent: agentId, severity: alert.severity };
      if (isNew) this.context.log.warn(about, 'alert: many calls of an agent are denied');
    }
  }

  /** Publishes every score when one of these reads otherwise than what was published last, or that is long ago. */
  async #publish(tenantId: string, risks: readonly AgentRisk[]): Promise<void> {
    const present = this.state.get('risk')?.value;
    const isOld = this.clock.now() - Date.parse(present?.at ?? '') >= TELL_MS;
    const told = present === undefined || isOld ? undefined : present.agents;
    const isTold = ({ agentId, score, tier }: AgentRisk): boolean => {
      const seen: RiskScore | undefined = told?.[agentId];
      return seen?.score === Math.round(score) && seen.tier === tier;
    };
    if (told !== undefined && risks.every(isTold)) return;
    await this.state.update('risk', async () => {
      const agents = await withTenant(this.database, tenantId, (manager) =>
        new RiskRepository(manager, tenantId).scores(),
      );
      return { at: new Date(this.clock.now()).toISOString(), agents };
    });
  }
}

/** What an agent's activity makes of its score now. */
function scored(
  known: Pick<AgentRisk, 'score' | 'scoredAt'> | undefined,
  activity: AgentActivity,
  now: number,
): Pick<AgentRisk, 'score' | 'tier' | 'parts' | 'activity' | 'scoredAt'> {
  const assessed = assessRisk(activity, now);
  const score = settleScore(known?.score ?? 0, assessed.score, now - (known?.scoredAt.getTime() ?? now));
  return { score, tier: tierOf(score), parts: assessed.parts, activity, scoredAt: new Date(now) };
}
