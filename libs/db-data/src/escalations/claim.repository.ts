import type { EntityManager } from 'typeorm';
import type { Standing } from '@behavry/contracts';
import {
  ESCALATION_COLUMNS,
  toEscalation,
  type Escalation,
  type EscalationRow,
  type NewEscalation,
} from './escalation';

/** Claims of a tenant's calls. One claim is one transaction; claims of the same call wait for each other. */
export class ClaimRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Makes claims of one exact call take turns until the transaction ends. */
  async lockCall(claimKey: string): Promise<void> {
    await this.manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `escalation:${this.tenantId}:${claimKey}`,
    ]);
  }

  /**
   * Uses up an approval of this call, the oldest first. Nobody else gets the same one.
   * @param approvedSince approvals decided before this instant count only while their deadline has not passed
   * @returns the escalation that was approved, or undefined
   */
  async takeApproval(
    claimKey: string,
    decisionId: string,
    now: Date,
    approvedSince: Date,
  ): Promise<Escalation | undefined> {
    const [rows]: [EscalationRow[], number] = await this.manager.query(
      `UPDATE data.escalations SET claimed_at = $3, claimed_decision_id = $4
       WHERE tenant_id = $1 AND id = (
         SELECT id FROM data.escalations
         WHERE tenant_id = $1 AND claim_key = $2 AND status = 'approved' AND claimed_at IS NULL
           AND (expires_at > $3 OR decided_at > $5)
         ORDER BY created_at LIMIT 1 FOR UPDATE)
       RETURNING ${ESCALATION_COLUMNS}`,
      [this.tenantId, claimKey, now, decisionId, approvedSince],
    );
    return rows[0] && toEscalation(rows[0]);
  }

  /**
   * Tells a refusal (denied, expired, ended) that no call has heard of yet, once.
   * @param decidedSince older refusals are not told any more
   */
  async takeRefusal(
    claimKey: string,
    decisionId: string,
    now: Date,
    decidedSince: Date,
  ): Promise<Escalation | undefined> {
    const [rows]: [EscalationRow[], number] = await this.manager.query(
      `UPDATE data.escalations SET claimed_at = $3, claimed_decision_id = $4
       WHERE tenant_id = $1 AND id = (
         SELECT id FROM data.escalations
         WHERE tenant_id = $1 AND claim_key = $2 AND status IN ('denied', 'expired', 'cancelled')
           AND claimed_at IS NULL AND decided_at > $5
         ORDER BY decided_at DESC LIMIT 1 FOR UPDATE)
       RETURNING ${ESCALATION_COLUMNS}`,
      [this.tenantId, claimKey, now, decisionId, decidedSince],
    );
    return rows[0] && toEscalation(rows[0]);
  }

  /** Undoes what a claim has just taken for a decision, because its proxy went away before it was told. */
  async giveBack(escalationId: string, decisionId: string): Promise<void> {
    await this.manager.query(
      `UPDATE data.escalations SET claimed_at = NULL, claimed_decision_id = NULL
       WHERE tenant_id = $1 AND id = $2 AND claimed_decision_id = $3`,
      [this.tenantId, escalationId, decisionId],
    );
  }

  /**
   * Says how escalations of an agent stand, and uses nothing up.
   * @param decidedSince when the last of them was decided before this instant, all are gone
   * @returns in the order of the ids
   */
  async standing(
    agentId: string,
    ids: readonly string[],
    now: Date,
    decidedSince: Date,
  ): Promise<readonly Standing[]> {
    const rows: { readonly id: string; readonly state: Standing }[] = await this.manager.query(
      `SELECT id, CASE
         WHEN claimed_at IS NOT NULL THEN 'gone'
         WHEN status = 'pending' AND expires_at > $4 THEN 'pending'
         WHEN status = 'pending' THEN 'refused'
         WHEN bool_and(status <> 'pending') OVER () AND max(decided_at) OVER () <= $5 THEN 'gone'
         WHEN status = 'approved' AND (expires_at > $4 OR decided_at > $5) THEN 'approved'
         WHEN status <> 'approved' AND decided_at > $5 THEN 'refused'
         ELSE 'gone' END AS state
       FROM data.escalations WHERE tenant_id = $1 AND agent_id = $2 AND id = ANY ($3)`,
      [this.tenantId, agentId, ids, now, decidedSince],
    );
    const states = new Map(rows.map(({ id, state }) => [id, state]));
    return ids.map((id) => states.get(id) ?? 'gone');
  }

  /** @returns the escalation of this call that waits for a person, or undefined */
  async waiting(claimKey: string): Promise<Escalation | undefined> {
    const rows: EscalationRow[] = await this.manager.query(
      `SELECT ${ESCALATION_COLUMNS} FROM data.escalations WHERE tenant_id = $1 AND claim_key = $2 AND status = 'pending'`,
      [this.tenantId, claimKey],
    );
    return rows[0] && toEscalation(rows[0]);
  }

  /** Lets a waiting escalation of this call run out when its deadline has passed. */
  async expireCall(claimKey: string, now: Date): Promise<void> {
    await this.manager.query(
      `UPDATE data.escalations SET status = 'expired', decided_at = $3
       WHERE tenant_id = $1 AND claim_key = $2 AND status = 'pending' AND expires_at <= $3`,
      [this.tenantId, claimKey, now],
    );
  }

  /**
   * Lets one escalation after the other be opened until the transaction ends, so that a limit holds.
   * @returns how many wait for a person, of this agent and in all
   */
  async openCounts(agentId: string): Promise<{ readonly agent: number; readonly tenant: number }> {
    await this.manager.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [
      `escalations:${this.tenantId}`,
    ]);
    const [counts]: { agent: number; tenant: number }[] = await this.manager.query(
      `SELECT count(*) FILTER (WHERE agent_id = $2)::integer AS agent, count(*)::integer AS tenant
       FROM data.escalations WHERE tenant_id = $1 AND status = 'pending'`,
      [this.tenantId, agentId],
    );
    return counts ?? { agent: 0, tenant: 0 };
  }

  /** Opens an escalation. */
  async open(escalation: NewEscalation): Promise<Escalation> {
    const { request } = escalation;
    const rows: EscalationRow[] = await this.manager.query(
      `INSERT INTO data.escalations (tenant_id, id, claim_key, status, kind, decision_id, agent_id, session_id,
         server, server_digest, tool, action, target, arguments_digest, sealed_arguments, policy, policy_id,
         policy_version, reason, risk_tier, created_at, expires_at)
       VALUES ($1, $2, $3, 'pending', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20,
         $21)
       RETURNING ${ESCALATION_COLUMNS}`,
      [
        this.tenantId,
        escalation.id,
        escalation.claimKey,
        request.kind,
        request.decision_id,
        request.agent_id,
        request.session_id,
        request.server,
        request.server_digest,
        request.tool,
        request.action,
        escalation.target,
        request.arguments_digest,
        escalation.sealedArguments,
        request.policy,
        request.policy_id,
        request.policy_version,
        request.reason,
        request.risk_tier,
        escalation.createdAt,
        escalation.expiresAt,
      ],
    );
    const [row] = rows;
    if (!row) throw new Error('the escalation was not stored');
    return toEscalation(row);
  }
}
