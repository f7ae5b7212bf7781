import type { EntityManager } from 'typeorm';
import type { RiskTier } from '@behavry/contracts';
import type { AgentActivity, RiskPart } from '@behavry/domain';

/** What is known of one agent. */
export interface AgentRisk {
  readonly agentId: string;
  readonly score: number;
  readonly tier: RiskTier;
  readonly parts: readonly RiskPart[];
  readonly activity: AgentActivity;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly scoredAt: Date;
}

interface Row {
  readonly agent_id: string;
  readonly score: number;
  readonly tier: RiskTier;
  readonly parts: readonly RiskPart[];
  readonly activity: AgentActivity;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly scored_at: Date;
}

/** Risk of a tenant's agents, and up to where its audit rows are counted into it. */
export class RiskRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Locks the tenant's place until the transaction ends. @returns the last audit row counted, 0 before the first */
  async lockCursor(): Promise<number> {
    const rows: { seq: string }[] = await this.manager.query(
      `INSERT INTO data.risk_cursors AS c (tenant_id, seq) VALUES ($1, 0)
       ON CONFLICT (tenant_id) DO UPDATE SET seq = c.seq RETURNING seq`,
      [this.tenantId],
    );
    return Number(rows[0]?.seq ?? 0);
  }

  async moveCursor(seq: number): Promise<void> {
    await this.manager.query('UPDATE data.risk_cursors SET seq = $2 WHERE tenant_id = $1', [
      this.tenantId,
      seq,
    ]);
  }

  /** @returns the named agents that are known */
  async byIds(agentIds: readonly string[]): Promise<readonly AgentRisk[]> {
    const rows: Row[] = await this.manager.query(
      'SELECT * FROM data.agent_risk WHERE tenant_id = $1 AND agent_id = ANY($2::text[])',
      [this.tenantId, agentIds],
    );
    return rows.map(toRisk);
  }

  /** @returns agents whose score could still fall, not looked at since an instant, longest ago first */
  async unsettled(scoredBefore: Date, limit: number): Promise<readonly AgentRisk[]> {
    const rows: Row[] = await this.manager.query(
      `SELECT * FROM data.agent_risk WHERE tenant_id = $1 AND score > 0 AND scored_at < $2
       ORDER BY scored_at LIMIT $3`,
      [this.tenantId, scoredBefore, limit],
    );
    return rows.map(toRisk);
  }

  async save(risks: readonly AgentRisk[]): Promise<void> {
    if (risks.length === 0) return;
    await this.manager.query(
      `INSERT INTO data.agent_risk
         (tenant_id, agent_id, score, tier, parts, activity, first_seen_at, last_seen_at, scored_at)
       SELECT $1::uuid, * FROM unnest($2::text[], $3::float8[], $4::text[], $5::jsonb[], $6::jsonb[],
         $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
       ON CONFLICT (tenant_id, agent_id) DO UPDATE SET score = EXCLUDED.score, tier = EXCLUDED.tier,
         parts = EXCLUDED.parts, activity = EXCLUDED.activity, last_seen_at = EXCLUDED.last_seen_at,
         scored_at = EXCLUDED.scored_at`,
      [
        this.tenantId,
        risks.map(({ agentId }) => agentId),
        risks.map(({ score }) => score),
        risks.map(({ tier }) => tier),
        risks.map(({ parts }) => JSON.stringify(parts)),
        risks.map(({ activity }) => JSON.stringify(activity)),
        risks.map(({ firstSeenAt }) => firstSeenAt),
        risks.map(({ lastSeenAt }) => lastSeenAt),
        risks.map(({ scoredAt }) => scoredAt),
      ],
    );
  }

  /** One page, highest score first, and how many there are. */
  async list(page: {
    readonly limit: number;
    readonly offset: number;
  }): Promise<{ readonly agents: readonly AgentRisk[]; readonly total: number }> {
    const counted: { total: string }[] = await this.manager.query(
      'SELECT count(*) AS total FROM data.agent_risk WHERE tenant_id = $1',
      [this.tenantId],
    );
    const rows: Row[] = await this.manager.query(
      'SELECT * FROM data.agent_risk WHERE tenant_id = $1 ORDER BY score DESC, agent_id LIMIT $2 OFFSET $3',
      [this.tenantId, page.limit, page.offset],
    );
    return { agents: rows.map(toRisk), total: Number(counted[0]?.total ?? 0) };
  }

  /** @returns score and tier of every agent, by agent id */
  async scores(): Promise<Readonly<Record<string, { readonly score: number; readonly tier: RiskTier }>>> {
    const rows: { agent_id: string; score: number; tier: RiskTier }[] = await this.manager.query(
      'SELECT agent_id, score, tier FROM data.agent_risk WHERE tenant_id = $1 ORDER BY agent_id',
      [this.tenantId],
    );
    return Object.fromEntries(
      rows.map(({ agent_id: id, score, tier }) => [id, { score: Math.round(score), tier }]),
    );
  }
}

function toRisk(row: Row): AgentRisk {
  return {
    agentId: row.agent_id,
    score: row.score,
    tier: row.tier,
    parts: row.parts,
    activity: row.activity,
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    scoredAt: row.scored_at,
  };
}
