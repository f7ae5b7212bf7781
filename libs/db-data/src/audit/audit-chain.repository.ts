import type { EntityManager } from 'typeorm';
import type { AuditRecord } from '@behavry/contracts';
import { canonicalJson, GENESIS_HASH, sha256HexOf, type ChainHead } from '@behavry/domain';
import { AUDIT_COLUMNS, columnValue, type SequencedRecord } from './audit-columns';

interface StoredRow {
  readonly record: SequencedRecord;
  readonly canonical: string;
  readonly previousHash: string;
  readonly hash: string;
}

const INSERT = `INSERT INTO data.audit_events
  (${AUDIT_COLUMNS.map(({ name }) => name).join(', ')}, canonical, previous_hash, hash)
  SELECT * FROM unnest(${[...AUDIT_COLUMNS.map(({ type }) => type), 'text', 'text', 'text']
    .map((type, index) => `$${String(index + 1)}::${type}[]`)
    .join(', ')})`;

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
    await this.manager.query(
      'INSERT INTO data.audit_head (tenant_id, seq, hash) VALUES ($1, 0, $2) ON CONFLICT (tenant_id) DO NOTHING',
      [this.tenantId, GENESIS_HASH],
    );
    const rows: { seq: string; hash: string }[] = await this.manager.query(
      'SELECT seq, hash FROM data.audit_head WHERE tenant_id = $1 FOR UPDATE',
      [this.tenantId],
    );
    const [head] = rows;
    if (!head) throw new Error('the head of the audit chain is not visible; is the tenant set?');
    return { seq: Number(head.seq), hash: head.hash };
  }

  /**
   * Appends records in the order given; a record whose id is stored already is left out.
   * The partitions of their days must exist.
   * @param head from {@link lockHead} in this transaction
   * @returns the new head, and what was appended
   */
  async append(
    head: ChainHead,
    records: readonly AuditRecord[],
  ): Promise<{ readonly head: ChainHead; readonly appended: readonly SequencedRecord[] }> {
    const known = await this.#knownIds(records);
    const rows: StoredRow[] = [];
    let { seq, hash } = head;
    for (const record of records) {
      if (known.has(record.id)) continue;
      known.add(record.id);
      seq += 1;
      const sequenced: SequencedRecord = { ...record, seq };
      const canonical = canonicalJson(sequenced);
      const previousHash = hash;
      hash = sha256HexOf(canonical + previousHash);
      rows.push({ record: sequenced, canonical, previousHash, hash });
    }
    if (rows.length > 0) {
      await this.manager.query(INSERT, parameters(rows));
      await this.manager.query('UPDATE data.audit_head SET seq = $2, hash = $3 WHERE tenant_id = $1', [
        this.tenantId,
        seq,
        hash,
      ]);
    }
    return { head: { seq, hash }, appended: rows.map(({ record }) => record) };
  }

  /** A decision's time is part of its record, so a repeated id has the same time: few partitions are asked. */
  async #knownIds(records: readonly AuditRecord[]): Promise<Set<string>> {
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
}

function parameters(rows: readonly StoredRow[]): unknown[] {
  return [
    ...AUDIT_COLUMNS.map((column) => rows.map(({ record }) => columnValue(column, record))),
    rows.map(({ canonical }) => canonical),
    rows.map(({ previousHash }) => previousHash),
    rows.map(({ hash }) => hash),
  ];
}
