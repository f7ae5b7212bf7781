import type { EntityManager } from 'typeorm';
import type { DecisionEntry } from '@behavry/contracts';

/** Decisions of a tenant whose outcome has not come yet. Use it while the head of the chain is locked. */
export class PendingDecisionRepository {
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Keeps decisions until their outcomes come; one that is kept already stays as it is. */
  async keep(decisions: readonly DecisionEntry[], now: Date): Promise<void> {
    if (decisions.length === 0) return;
    await this.manager.query(
      `INSERT INTO data.audit_pending (tenant_id, id, entry, received_at)
       SELECT $1::uuid, *, $4::timestamptz FROM unnest($2::uuid[], $3::text[])
       ON CONFLICT (tenant_id, id) DO NOTHING`,
      [this.tenantId, decisions.map(({ id }) => id), decisions.map((entry) => JSON.stringify(entry)), now],
    );
  }

  /** Takes decisions out. @returns those that were kept, by id */
  async take(ids: readonly string[]): Promise<ReadonlyMap<string, DecisionEntry>> {
    if (ids.length === 0) return new Map();
    const [rows]: [{ entry: string }[], number] = await this.manager.query(
      'DELETE FROM data.audit_pending WHERE tenant_id = $1 AND id = ANY($2::uuid[]) RETURNING entry',
      [this.tenantId, ids],
    );
    return byId(rows);
  }

  /** Takes out decisions that have waited since before an instant, oldest first. */
  async takeOlderThan(before: Date, limit: number): Promise<ReadonlyMap<string, DecisionEntry>> {
    const [rows]: [{ entry: string }[], number] = await this.manager.query(
      `DELETE FROM data.audit_pending WHERE tenant_id = $1 AND id IN (
         SELECT id FROM data.audit_pending WHERE tenant_id = $1 AND received_at < $2
         ORDER BY received_at LIMIT $3)
       RETURNING entry`,
      [this.tenantId, before, limit],
    );
    return byId(rows);
  }
}

function byId(rows: readonly { entry: string }[]): ReadonlyMap<string, DecisionEntry> {
  const entries = rows.map(({ entry }) => JSON.parse(entry) as DecisionEntry);
  return new Map(entries.map((entry) => [entry.id, entry]));
}
