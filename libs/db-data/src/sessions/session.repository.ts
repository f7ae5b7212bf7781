import type { EntityManager } from 'typeorm';
import type { AuditRecord } from '@behavry/contracts';

export type SessionStatus = 'active' | 'ended';

/** An agent's session as its audit rows tell of it. */
export interface Session {
  readonly id: string;
  readonly agentId: string | null;
  readonly status: SessionStatus;
  readonly firstSeenAt: Date;
  readonly lastSeenAt: Date;
  readonly calls: number;
  readonly denials: number;
  readonly endedAt: Date | null;
  readonly endedBy: string | null;
}

interface Row {
  readonly id: string;
  readonly agent_id: string | null;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date;
  readonly calls: string;
  readonly denials: string;
  readonly ended_at: Date | null;
  readonly ended_by: string | null;
}

interface Tally {
  readonly id: string;
  readonly agentId: string | null;
  first: number;
  last: number;
  calls: number;
  denials: number;
}

/** Sessions of a tenant. */
export class SessionRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** Counts newly chained rows into their sessions; in the transaction that chains them. */
  async count(records: readonly AuditRecord[]): Promise<void> {
    const tallies = [...tally(records).values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    if (tallies.length === 0) return;
    await this.manager.query(
      `INSERT INTO data.sessions AS s (tenant_id, id, agent_id, first_seen_at, last_seen_at, calls, denials)
       SELECT $1::uuid, * FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[])
       ON CONFLICT (tenant_id, id) DO UPDATE SET
         agent_id = coalesce(s.agent_id, EXCLUDED.agent_id),
         first_seen_at = least(s.first_seen_at, EXCLUDED.first_seen_at),
         last_seen_at = greatest(s.last_seen_at, EXCLUDED.last_seen_at),
         calls = s.calls + EXCLUDED.calls,
         denials = s.denials + EXCLUDED.denials`,
      [
        this.tenantId,
        tallies.map(({ id }) => id),
        tallies.map(({ agentId }) => agentId),
        tallies.map(({ first }) => new Date(first)),
        tallies.map(({ last }) => new Date(last)),
        tallies.map(({ calls }) => calls),
        tallies.map(({ denials }) => denials),
      ],
    );
  }

  /** One page, latest first, and how many there are. */
  async list(
    filter: { readonly agentId?: string; readonly status?: SessionStatus },
    page: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly sessions: readonly Session[]; readonly total: number }> {
    const values: unknown[] = [this.tenantId];
    const conditions = ['tenant_id = $1'];
    if (filter.agentId !== undefined) {
      values.push(filter.agentId);
      conditions.push('agent_id = $2');
    }
    if (filter.status !== undefined)
      conditions.push(`ended_at IS ${filter.status === 'active' ? 'NULL' : 'NOT NULL'}`);
    const where = conditions.join(' AND ');
    const counted: { total: string }[] = await this.manager.query(
      `SELECT count(*) AS total FROM data.sessions WHERE ${where}`,
      values,
    );
    const rows: Row[] = await this.manager.query(
      `SELECT * FROM data.sessions WHERE ${where} ORDER BY last_seen_at DESC, id
       LIMIT $${String(values.length + 1)} OFFSET $${String(values.length + 2)}`,
      [...values, page.limit, page.offset],
    );
    return { sessions: rows.map(toSession), total: Number(counted[0]?.total ?? 0) };
  }

  /** Ends a session; one that has ended stays as it is. @returns what it was, undefined when not known */
  async end(id: string, by: string, now: Date): Promise<'ended' | 'ended_before' | undefined> {
    const [, changed]: [unknown[], number] = await this.manager.query(
      'UPDATE data.sessions SET ended_at = $3, ended_by = $4 WHERE tenant_id = $1 AND id = $2 AND ended_at IS NULL',
      [this.tenantId, id, now, by],
    );
    if (changed > 0) return 'ended';
    const rows: unknown[] = await this.manager.query(
      'SELECT 1 FROM data.sessions WHERE tenant_id = $1 AND id = $2',
      [this.tenantId, id],
    );
    return rows.length > 0 ? 'ended_before' : undefined;
  }

  /** @returns when each session ended that ended after an instant, by session id */
  async endedSince(since: Date): Promise<Readonly<Record<string, string>>> {
    const rows: { id: string; ended_at: Date }[] = await this.manager.query(
      'SELECT id, ended_at FROM data.sessions WHERE tenant_id = $1 AND ended_at >= $2 ORDER BY id',
      [this.tenantId, since],
    );
    return Object.fromEntries(rows.map((row) => [row.id, row.ended_at.toISOString()]));
  }
}

function tally(records: readonly AuditRecord[]): ReadonlyMap<string, Tally> {
  const tallies = new Map<string, Tally>();
  for (const { session_id: id, agent_id: agentId, ts, verdict } of records) {
    if (id === null) continue;
    const at = Date.parse(ts);
    const entry = tallies.get(id) ?? { id, agentId, first: at, last: at, calls: 0, denials: 0 };
    entry.first = Math.min(entry.first, at);
    entry.last = Math.max(entry.last, at);
    entry.calls += 1;
    if (verdict === 'deny') entry.denials += 1;
    tallies.set(id, entry);
  }
  return tallies;
}

function toSession(row: Row): Session {
  return {
    id: row.id,
    agentId: row.agent_id,
    status: row.ended_at === null ? 'active' : 'ended',
    firstSeenAt: row.first_seen_at,
    lastSeenAt: row.last_seen_at,
    calls: Number(row.calls),
    denials: Number(row.denials),
    endedAt: row.ended_at,
    endedBy: row.ended_by,
  };
}
