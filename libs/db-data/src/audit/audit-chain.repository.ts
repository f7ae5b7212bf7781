import type { EntityManager } from 'typeorm';
import type { AuditRecord, PersonalValues, SequencedRecord } from '@behavry/contracts';
import { auditText, GENESIS_HASH, sha256HexOf, type ChainHead } from '@behavry/domain';
import { AUDIT_COLUMNS } from './audit-columns';

/** A record on its way into the chain, and the values that stand beside it. */
export interface NewAuditRow {
  readonly record: AuditRecord;
  readonly personal: PersonalValues;
}

/** A row that was appended. */
export interface AppendedRow {
  readonly record: SequencedRecord;
  readonly personal: PersonalValues;
}

/** Columns beside the derived ones. A JSON text holds no raw line feed, so many of them travel as one text without escapes. */
const LINES = ['canonical', 'personal', 'previous_hash', 'hash'] as const;
const NAMES = [...AUDIT_COLUMNS.map(({ name }) => name), ...LINES].join(', ');
const SOURCES = [
  ...AUDIT_COLUMNS.map(({ type }, index) => `unnest($${String(index + 4)}::${type}[])`),
  ...LINES.map((_, index) => `string_to_table($${String(index + 4 + AUDIT_COLUMNS.length)}::text, E'\\n')`),
];
const INSERT = `
  WITH head AS (UPDATE data.audit_head SET seq = $2::bigint, hash = $3 WHERE tenant_id = $1)
  INSERT INTO data.audit_events (${NAMES})
  SELECT ${NAMES.replace('personal', "nullif(personal, 'null')::jsonb")}
  FROM ROWS FROM (${SOURCES.join(', ')}) AS r (${NAMES})`;

/** The only way into a tenant's chain. Use it inside one transaction that has set the tenant. */
export class AuditChainRepository {
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /**
   * Locks the end of the chain until the transaction ends: two writers wait for each other, so numbers
   * stay contiguous and hashes have one predecessor.
   */
  async lockHead(): Promise<ChainHead> {
    const rows: { seq: string; hash: string }[] = await this.manager.query(
      `INSERT INTO data.audit_head AS h (tenant_id, seq, hash) VALUES ($1, 0, $2)
       ON CONFLICT (tenant_id) DO UPDATE SET seq = h.seq RETURNING seq, hash`,
      [this.tenantId, GENESIS_HASH],
    );
    const [head] = rows;
    if (!head) throw new Error('the head of the audit chain is not visible; is the tenant set?');
    return { seq: Number(head.seq), hash: head.hash };
  }

  /**
   * Appends records in the order given, and numbers them. The partitions of their days must exist.
   * @param head from {@link lockHead} in this transaction
   * @returns the new head, and what was appended
   * @throws QueryFailedError 23505 when a record of that id is stored already; see {@link knownIds}
   */
  async append(
    head: ChainHead,
    rows: readonly NewAuditRow[],
  ): Promise<{ readonly head: ChainHead; readonly appended: readonly AppendedRow[] }> {
    if (rows.length === 0) return { head, appended: [] };
    const appended: AppendedRow[] = [];
    const canonical: string[] = [];
    const personal: string[] = [];
    const hashes = [head.hash];
    let { seq, hash } = head;
    for (const { record, personal: beside } of rows) {
      seq += 1;
      const sequenced = Object.assign(record, { seq });
      const text = auditText(sequenced);
      hash = sha256HexOf(text + hash);
      appended.push({ record: sequenced, personal: beside });
      canonical.push(text);
      personal.push(beside.requester_id === null && beside.target === null ? 'null' : JSON.stringify(beside));
      hashes.push(hash);
    }
    await this.manager.query(INSERT, [
      this.tenantId,
      seq,
      hash,
      ...AUDIT_COLUMNS.map(({ name }) => appended.map(({ record }) => record[name])),
      canonical.join('\n'),
      personal.join('\n'),
      hashes.slice(0, -1).join('\n'),
      hashes.slice(1).join('\n'),
    ]);
    return { head: { seq, hash }, appended };
  }

  /**
   * A decision's time is part of its record, so a repeated id has the same time: few partitions are asked.
   * @returns the ids of those records that are stored already
   */
  async knownIds(records: readonly AuditRecord[]): Promise<ReadonlySet<string>> {
    if (records.length === 0) return new Set();
    const times = records.map(({ ts }) => Date.parse(ts));
    const rows: { id: string }[] = await this.manager.query(
      `SELECT id FROM data.audit_events
       WHERE tenant_id = $1 AND id = ANY($2::uuid[]) AND ts >= $3 AND ts <= $4`,
      [
        this.tenantId,
        records.map(({ id }) => id),
        new Date(Math.min(...times)),
        new Date(Math.max(...times)),
      ],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /**
   * Empties the personal values of rows, beyond recovery; the chain verifies as before.
   * @returns how many rows were changed
   */
  async erase(by: { readonly requesterId: string } | { readonly agentId: string }): Promise<number> {
    const rows: { rows: string }[] = await this.manager.query(
      'SELECT data.audit_erase_personal($1, $2) AS rows',
      ['requesterId' in by ? by.requesterId : null, 'agentId' in by ? by.agentId : null],
    );
    return Number(rows[0]?.rows ?? 0);
  }
}
