import type { Pool } from 'pg';
import type { EntityManager } from 'typeorm';
import { uuidv7 } from '../keys/hash';
import type { Clock } from '../time/clock';

/** What a person did, as it is recorded. */
export interface Change {
  readonly tenantId: string;
  readonly personId: string;
  readonly username: string;
  /** `noun.verb`, for example `policy.activate`. */
  readonly action: string;
  /** Id of what changed. */
  readonly target: string;
  /** What changed; never a secret. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface RecordedChange extends Change {
  readonly id: string;
  readonly ts: string;
}

interface Row {
  readonly id: string;
  readonly tenant_id: string;
  readonly ts: Date;
  readonly person_id: string;
  readonly username: string;
  readonly action: string;
  readonly target: string;
  readonly detail: Record<string, unknown>;
}

const INSERT = `INSERT INTO plane.changes (id, tenant_id, ts, person_id, username, action, target, detail)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`;

/** The record of what people changed on this plane (surface: conventions). Rows are added and read, never altered. */
export class ChangeLog {
  constructor(
    private readonly pool: Pool,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a change.
   * @param manager the transaction of the change itself, tenant already set, so that both or neither happen
   */
  async record(manager: EntityManager, change: Change): Promise<void> {
    const now = this.clock.now();
    await manager.query(INSERT, [
      uuidv7(now),
      change.tenantId,
      new Date(now),
      change.personId,
      change.username,
      change.action,
      change.target,
      JSON.stringify(change.detail),
    ]);
  }

  /** @returns one page, newest first, and how many there are */
  async list(
    tenantId: string,
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly changes: readonly RecordedChange[]; readonly total: number }> {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN READ ONLY');
      await client.query(`SELECT set_config('behavry.tenant_id', $1, true)`, [tenantId]);
      const { rows } = await client.query<Row>(
        'SELECT * FROM plane.changes ORDER BY ts DESC, id DESC LIMIT $1 OFFSET $2',
        [page.limit, page.offset],
      );
      const count = await client.query<{ total: string }>('SELECT count(*) AS total FROM plane.changes');
      return { changes: rows.map(toChange), total: Number(count.rows[0]?.total) };
    } finally {
      await client.query('ROLLBACK').catch(() => undefined);
      client.release();
    }
  }
}

function toChange(row: Row): RecordedChange {
  return {
    id: row.id,
    ts: row.ts.toISOString(),
    tenantId: row.tenant_id,
    personId: row.person_id,
    username: row.username,
    action: row.action,
    target: row.target,
    detail: row.detail,
  };
}
