import type { EntityManager } from 'typeorm';
import type { PersonalValues } from '@behavry/contracts';
import { GENESIS_HASH, type ChainHead } from '@behavry/domain';
import { AUDIT_COLUMNS } from './audit-columns';

/** A row as every reader gets it: the text that was hashed, what stands beside it, and its two hashes. */
export interface StoredAuditEvent {
  readonly seq: number;
  readonly canonical: string;
  /** Null when there was none, and when it was erased. */
  readonly personal: PersonalValues | null;
  readonly previousHash: string;
  readonly hash: string;
}

export interface AuditFilter {
  readonly id?: string;
  readonly agentId?: string;
  readonly sessionId?: string;
  readonly verdict?: string;
  readonly tool?: string;
  readonly server?: string;
  /** First instant that counts. */
  readonly from?: Date;
  /** First instant that no longer counts. */
  readonly to?: Date;
}

export interface AuditPage {
  readonly order: 'asc' | 'desc';
  /** Only rows beyond this one, in the order asked for. */
  readonly beyondSeq?: number;
  readonly limit: number;
}

/** A row with its derived columns, for the verification. */
export interface VerifiableRow extends StoredAuditEvent {
  readonly columns: Readonly<Record<string, unknown>>;
}

interface Row {
  readonly seq: string;
  readonly canonical: string;
  readonly personal: PersonalValues | null;
  readonly previous_hash: string;
  readonly hash: string;
}

const STORED = 'seq, canonical, personal, previous_hash, hash';

const EQUALS: readonly (readonly [keyof AuditFilter, string])[] = [
  ['id', 'id'],
  ['agentId', 'agent_id'],
  ['sessionId', 'session_id'],
  ['verdict', 'verdict'],
  ['tool', 'tool'],
  ['server', 'server'],
];

/** Reads of a tenant's chain. */
export class AuditQueryRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** One page of rows in chain order. */
  async page(filter: AuditFilter, page: AuditPage): Promise<readonly StoredAuditEvent[]> {
    const values: unknown[] = [this.tenantId];
    const conditions = ['tenant_id = $1'];
    const add = (condition: string, value: unknown): void => {
      values.push(value);
      conditions.push(`${condition} $${String(values.length)}`);
    };
    for (const [name, column] of EQUALS) if (filter[name] !== undefined) add(`${column} =`, filter[name]);
    // A session belongs to one agent and some days: that leads to few partitions and to the index on agents.
    if (filter.sessionId !== undefined)
      for (const condition of [
        'agent_id = (SELECT s.agent_id',
        'ts >= (SELECT s.first_seen_at',
        'ts <= (SELECT s.last_seen_at',
      ])
        conditions.push(
          `${condition} FROM data.sessions s WHERE s.tenant_id = $1 AND s.id = $${String(values.indexOf(filter.sessionId) + 1)})`,
        );
    if (filter.from) add('ts >=', filter.from);
    if (filter.to) add('ts <', filter.to);
    if (page.beyondSeq !== undefined) add(page.order === 'asc' ? 'seq >' : 'seq <', page.beyondSeq);
    values.push(page.limit);
    const rows: Row[] = await this.manager.query(
      `SELECT ${STORED} FROM data.audit_events WHERE ${conditions.join(' AND ')}
       ORDER BY seq ${page.order === 'asc' ? 'ASC' : 'DESC'} LIMIT $${String(values.length)}`,
      values,
    );
    return rows.map(toStored);
  }

  /** The rows with their columns from `fromSeq` on, in chain order. */
  async verifiable(fromSeq: number, limit: number): Promise<readonly VerifiableRow[]> {
    const rows: (Row & Record<string, unknown>)[] = await this.manager.query(
      `SELECT ${AUDIT_COLUMNS.map(({ name }) => name).join(', ')}, canonical, personal, previous_hash, hash
       FROM data.audit_events WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq, ts LIMIT $3`,
      [this.tenantId, fromSeq, limit],
    );
    return rows.map((row) => ({ ...toStored(row), columns: row }));
  }

  async bySeq(seq: number): Promise<StoredAuditEvent | undefined> {
    const rows: Row[] = await this.manager.query(
      `SELECT ${STORED} FROM data.audit_events WHERE tenant_id = $1 AND seq = $2`,
      [this.tenantId, seq],
    );
    return rows[0] && toStored(rows[0]);
  }

  /** Where the head says that the chain ends, and the last row there is, seen at one instant. */
  async ends(): Promise<{ readonly head: ChainHead; readonly lastSeq: number }> {
    const rows: { seq: string | null; hash: string | null; last: string | null }[] = await this.manager.query(
      `SELECT h.seq, h.hash, (SELECT max(seq) FROM data.audit_events WHERE tenant_id = $1) AS last
       FROM (SELECT 1) AS one LEFT JOIN data.audit_head h ON h.tenant_id = $1`,
      [this.tenantId],
    );
    const [row] = rows;
    return {
      head: { seq: Number(row?.seq ?? 0), hash: row?.hash ?? GENESIS_HASH },
      lastSeq: Number(row?.last ?? 0),
    };
  }

  /** Where the chain ends; before the first row, seq 0. */
  async head(): Promise<ChainHead> {
    const rows: { seq: string; hash: string }[] = await this.manager.query(
      'SELECT seq, hash FROM data.audit_head WHERE tenant_id = $1',
      [this.tenantId],
    );
    return rows[0] ? { seq: Number(rows[0].seq), hash: rows[0].hash } : { seq: 0, hash: GENESIS_HASH };
  }
}

function toStored(row: Row): StoredAuditEvent {
  const { canonical, personal, hash } = row;
  return { seq: Number(row.seq), canonical, personal, previousHash: row.previous_hash, hash };
}
