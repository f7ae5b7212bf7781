import type { EntityManager } from 'typeorm';
import { GENESIS_HASH } from '@behavry/domain';

/** What a verification came to. */
export interface KeptVerification {
  readonly isOk: boolean;
  readonly verifiedSeq: number;
  readonly verifiedHash: string;
  readonly verifiedAt: Date;
  readonly wholeAt: Date | null;
  readonly seconds: number;
  readonly badSeq: number | null;
  readonly badKind: string | null;
}

/** Before the first verification: nothing was looked at, and nothing is known to be broken. */
const UNVERIFIED: KeptVerification = {
  isOk: true,
  verifiedSeq: 0,
  verifiedHash: GENESIS_HASH,
  verifiedAt: new Date(0),
  wholeAt: null,
  seconds: 0,
  badSeq: null,
  badKind: null,
};

interface Row {
  readonly is_ok: boolean;
  readonly verified_seq: string;
  readonly verified_hash: string;
  readonly verified_at: Date;
  readonly whole_at: Date | null;
  readonly seconds: number;
  readonly bad_seq: string | null;
  readonly bad_kind: string | null;
}

/** The last verdict about a tenant's chain. */
export class AuditVerificationRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async read(): Promise<KeptVerification> {
    const rows: Row[] = await this.manager.query(
      `SELECT is_ok, verified_seq, verified_hash, verified_at, whole_at, seconds, bad_seq, bad_kind
       FROM data.audit_verification WHERE tenant_id = $1`,
      [this.tenantId],
    );
    const [row] = rows;
    if (!row) return UNVERIFIED;
    return {
      isOk: row.is_ok,
      verifiedSeq: Number(row.verified_seq),
      verifiedHash: row.verified_hash,
      verifiedAt: row.verified_at,
      wholeAt: row.whole_at,
      seconds: row.seconds,
      badSeq: row.bad_seq === null ? null : Number(row.bad_seq),
      badKind: row.bad_kind,
    };
  }

  async write(kept: KeptVerification): Promise<void> {
    await this.manager.query(
      `INSERT INTO data.audit_verification
         (tenant_id, is_ok, verified_seq, verified_hash, verified_at, whole_at, seconds, bad_seq, bad_kind)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       ON CONFLICT (tenant_id) DO UPDATE SET (is_ok, verified_seq, verified_hash, verified_at, whole_at, seconds,
         bad_seq, bad_kind) = ($2, $3, $4, $5, $6, $7, $8, $9)`,
      [
        this.tenantId,
        kept.isOk,
        kept.verifiedSeq,
        kept.verifiedHash,
        kept.verifiedAt,
        kept.wholeAt,
        kept.seconds,
        kept.badSeq,
        kept.badKind,
      ],
    );
  }
}
