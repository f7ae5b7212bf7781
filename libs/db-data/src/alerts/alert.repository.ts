import type { EntityManager } from 'typeorm';
import type { Severity } from '@behavry/contracts';

export type AlertStatus = 'open' | 'acknowledged' | 'resolved';
export type AlertKind = 'denial_rate';

/** Something a person should look at. */
export interface Alert {
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly agentId: string;
  readonly summary: string;
  readonly evidence: unknown;
  readonly openedAt: Date;
  readonly lastSeenAt: Date;
  readonly acknowledgedAt: Date | null;
  readonly acknowledgedBy: string | null;
  readonly resolvedAt: Date | null;
  readonly resolvedBy: string | null;
}

export interface RaisedAlert {
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly agentId: string;
  readonly summary: string;
  readonly evidence: unknown;
  readonly at: Date;
}

interface Row {
  readonly id: string;
  readonly kind: AlertKind;
  readonly severity: Severity;
  readonly status: AlertStatus;
  readonly agent_id: string;
  readonly summary: string;
  readonly evidence: unknown;
  readonly opened_at: Date;
  readonly last_seen_at: Date;
  readonly acknowledged_at: Date | null;
  readonly acknowledged_by: string | null;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
}

/** Alerts of a tenant. */
export class AlertRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /**
   * Opens an alert, or renews the unresolved one of the same kind and agent; its severity only rises.
   * @returns whether a new one was opened
   */
  async raise(alert: RaisedAlert): Promise<boolean> {
    const rows: { id: string }[] = await this.manager.query(
      `INSERT INTO data.alerts AS a
         (tenant_id, id, kind, severity, status, agent_id, summary, evidence, opened_at, last_seen_at)
       VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $8)
       ON CONFLICT (tenant_id, kind, agent_id) WHERE status <> 'resolved' DO UPDATE SET
         summary = EXCLUDED.summary, evidence = EXCLUDED.evidence, last_seen_at = EXCLUDED.last_seen_at,
         severity = CASE WHEN array_position(${ORDER}, EXCLUDED.severity) > array_position(${ORDER}, a.severity)
           THEN EXCLUDED.severity ELSE a.severity END
       RETURNING id`,
      [
        this.tenantId,
        alert.id,
        alert.kind,
        alert.severity,
        alert.agentId,
        alert.summary,
        JSON.stringify(alert.evidence),
        alert.at,
      ],
    );
    return rows[0]?.id === alert.id;
  }

  /** @returns when an alert of this kind was last resolved for each of these agents that ever had one */
  async lastResolvedAt(kind: AlertKind, agentIds: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    const rows: { agent_id: string; at: Date }[] = await this.manager.query(
      `SELECT agent_id, max(resolved_at) AS at FROM data.alerts
       WHERE tenant_id = $1 AND kind = $2 AND agent_id = ANY($3::text[]) AND resolved_at IS NOT NULL
       GROUP BY agent_id`,
      [this.tenantId, kind, agentIds],
    );
    return new Map(rows.map((row) => [row.agent_id, row.at]));
  }

  /** One page, newest first, and how many there are. */
  async list(
    filter: { readonly status?: AlertStatus; readonly agentId?: string },
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly alerts: readonly Alert[]; readonly total: number }> {
    const values: unknown[] = [this.tenantId];
    const conditions = ['tenant_id = $1'];
    if (filter.status !== undefined) conditions.push(`status = $${String(values.push(filter.status))}`);
    if (filter.agentId !== undefined) conditions.push(`agent_id = $${String(values.push(filter.agentId))}`);
    const where = conditions.join(' AND ');
    const counted: { total: string }[] = await this.manager.query(
      `SELECT count(*) AS total FROM data.alerts WHERE ${where}`,
      values,
    );
    const rows: Row[] = await this.manager.query(
      `SELECT * FROM data.alerts WHERE ${where} ORDER BY opened_at DESC, id
       LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`,
      [...values, page.limit, page.offset],
    );
    return { alerts: rows.map(toAlert), total: Number(counted[0]?.total ?? 0) };
  }

  async byId(id: string): Promise<Alert | undefined> {
    const rows: Row[] = await this.manager.query(
      'SELECT * FROM data.alerts WHERE tenant_id = $1 AND id = $2',
      [this.tenantId, id],
    );
    return rows[0] && toAlert(rows[0]);
  }

  /** open → acknowledged. @returns undefined when it is not open */
  async acknowledge(id: string, by: string, now: Date): Promise<Alert | undefined> {
    return this.#change(
      `status = 'acknowledged', acknowledged_at = $3, acknowledged_by = $4`,
      `status = 'open'`,
      [id, now, by],
    );
  }

  /** open or acknowledged → resolved. @returns undefined when it is resolved already */
  async resolve(id: string, by: string, now: Date): Promise<Alert | undefined> {
    return this.#change(`status = 'resolved', resolved_at = $3, resolved_by = $4`, `status <> 'resolved'`, [
      id,
      now,
      by,
    ]);
  }

  async #change(change: string, condition: string, values: readonly unknown[]): Promise<Alert | undefined> {
    const [rows]: [Row[], number] = await this.manager.query(
      `UPDATE data.alerts SET ${change} WHERE tenant_id = $1 AND id = $2 AND ${condition} RETURNING *`,
      [this.tenantId, ...values],
    );
    return rows[0] && toAlert(rows[0]);
  }
}

const ORDER = `ARRAY['low', 'medium', 'high', 'critical']`;

function toAlert(row: Row): Alert {
  return {
    id: row.id,
    kind: row.kind,
    severity: row.severity,
    status: row.status,
    agentId: row.agent_id,
    summary: row.summary,
    evidence: row.evidence,
    openedAt: row.opened_at,
    lastSeenAt: row.last_seen_at,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    resolvedAt: row.resolved_at,
    resolvedBy: row.resolved_by,
  };
}
