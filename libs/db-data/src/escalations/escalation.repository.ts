import type { EntityManager } from 'typeorm';
import {
  ESCALATION_COLUMNS,
  toEscalation,
  type Escalation,
  type EscalationRow,
  type EscalationStatus,
} from './escalation';

export interface EscalationDecision {
  readonly verdict: 'approved' | 'denied';
  readonly by: string;
  readonly comment: string | null;
  readonly now: Date;
}

/** What a kill switch looks at. */
export type OpenEscalation = Pick<Escalation, 'id' | 'agentId' | 'server' | 'tool' | 'kind'>;

/** A tenant's escalations, for people and for deadlines. */
export class EscalationRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** One page, newest first, and how many there are. */
  async list(
    status: EscalationStatus | undefined,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly escalations: readonly Escalation[]; readonly total: number }> {
    const values: unknown[] = status === undefined ? [this.tenantId] : [this.tenantId, status];
    const where = `tenant_id = $1${status === undefined ? '' : ' AND status = $2'}`;
    const counted: { total: string }[] = await this.manager.query(
      `SELECT count(*) AS total FROM data.escalations WHERE ${where}`,
      values,
    );
    const rows: EscalationRow[] = await this.manager.query(
      `SELECT ${ESCALATION_COLUMNS} FROM data.escalations WHERE ${where} ORDER BY created_at DESC, id
       LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`,
      [...values, page.limit, page.offset],
    );
    return { escalations: rows.map(toEscalation), total: Number(counted[0]?.total ?? 0) };
  }

  async byId(id: string): Promise<Escalation | undefined> {
    const rows: EscalationRow[] = await this.manager.query(
      `SELECT ${ESCALATION_COLUMNS} FROM data.escalations WHERE tenant_id = $1 AND id = $2`,
      [this.tenantId, id],
    );
    return rows[0] && toEscalation(rows[0]);
  }

  /** @returns the sealed arguments of one escalation; null when there is none, or they were forgotten */
  async sealedArguments(id: string): Promise<string | null> {
    const rows: { sealed_arguments: string | null }[] = await this.manager.query(
      'SELECT sealed_arguments FROM data.escalations WHERE tenant_id = $1 AND id = $2',
      [this.tenantId, id],
    );
    return rows[0]?.sealed_arguments ?? null;
  }

  /** A person's word on a waiting escalation. @returns undefined when it is decided or too late already */
  async decide(id: string, decision: EscalationDecision): Promise<Escalation | undefined> {
    const [rows]: [EscalationRow[], number] = await this.manager.query(
      `UPDATE data.escalations SET status = $3, decided_at = $4, decided_by = $5, comment = $6
       WHERE tenant_id = $1 AND id = $2 AND status = 'pending' AND expires_at > $4 RETURNING ${ESCALATION_COLUMNS}`,
      [this.tenantId, id, decision.verdict, decision.now, decision.by, decision.comment],
    );
    return rows[0] && toEscalation(rows[0]);
  }

  /** Lets everything run out whose deadline has passed. @returns the ids */
  async expire(now: Date): Promise<readonly string[]> {
    const [rows]: [{ id: string }[], number] = await this.manager.query(
      `UPDATE data.escalations SET status = 'expired', decided_at = $2
       WHERE tenant_id = $1 AND status = 'pending' AND expires_at <= $2 RETURNING id`,
      [this.tenantId, now],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * What a kill switch could still end: waiting, or approved and not used.
   * @param after id of the last one of the page before
   */
  async open(after: string | undefined, limit: number): Promise<readonly OpenEscalation[]> {
    const rows: { id: string; agent_id: string; server: string; tool: string; kind: 'mcp' | 'llm' }[] =
      await this.manager.query(
        `SELECT id, agent_id, server, tool, kind FROM data.escalations
         WHERE tenant_id = $1 AND (status = 'pending' OR (status = 'approved' AND claimed_at IS NULL))
           AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
        [this.tenantId, after ?? null, limit],
      );
    return rows.map(({ agent_id: agentId, ...row }) => ({ ...row, agentId }));
  }

  /** Ends open escalations without a person. @returns the ids of those that were still open */
  async cancel(ids: readonly string[], comment: string, now: Date): Promise<readonly string[]> {
    const [rows]: [{ id: string }[], number] = await this.manager.query(
      `UPDATE data.escalations SET status = 'cancelled', decided_at = $3, comment = $4
       WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND claimed_at IS NULL AND status IN ('pending', 'approved')
       RETURNING id`,
      [this.tenantId, ids, now, comment],
    );
    return rows.map(({ id }) => id);
  }

  /** Forgets the arguments of what was settled before an instant. */
  async forgetArguments(before: Date): Promise<void> {
    await this.manager.query(
      `UPDATE data.escalations SET sealed_arguments = NULL
       WHERE tenant_id = $1 AND sealed_arguments IS NOT NULL AND status <> 'pending' AND decided_at < $2`,
      [this.tenantId, before],
    );
  }
}

export interface PendingFigures {
  readonly count: number;
  /** When the one that waits longest was opened. */
  readonly oldestAt: Date | null;
}

/**
 * How many of a tenant's calls wait for a person, and since when.
 * @param manager of a transaction that has set `tenantId`
 */
export async function pendingFigures(manager: EntityManager, tenantId: string): Promise<PendingFigures> {
  const rows: { total: string; oldest: Date | null }[] = await manager.query(
    `SELECT count(*) AS total, min(created_at) AS oldest FROM data.escalations
     WHERE tenant_id = $1 AND status = 'pending'`,
    [tenantId],
  );
  return { count: Number(rows[0]?.total ?? 0), oldestAt: rows[0]?.oldest ?? null };
}
