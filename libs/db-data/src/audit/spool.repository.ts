import type { EntityManager } from 'typeorm';

/** A spool entry that could not become a row. */
export interface RejectedEntry {
  readonly position: number;
  readonly reason: string;
  /** The entry as it came, as JSON text. */
  readonly entry: string;
}

/** Up to where each proxy's spool is stored, and what could not be. Not of one tenant: spools belong to the plane. */
export class SpoolRepository {
  constructor(private readonly manager: EntityManager) {}

  /**
   * Locks a spool's place until the transaction ends.
   * @returns the last position stored; undefined for a spool that was never seen here
   */
  async lockPosition(spoolId: string, now: Date): Promise<number | undefined> {
    const rows: { position: string; is_new: boolean }[] = await this.manager.query(
      `INSERT INTO data.spool_positions AS p (spool_id, position, updated_at) VALUES ($1, 0, $2)
       ON CONFLICT (spool_id) DO UPDATE SET position = p.position RETURNING position, xmax = 0 AS is_new`,
      [spoolId, now],
    );
    const [row] = rows;
    return row === undefined || row.is_new ? undefined : Number(row.position);
  }

  async moveTo(spoolId: string, position: number, now: Date): Promise<void> {
    await this.manager.query(
      'UPDATE data.spool_positions SET position = $2, updated_at = $3 WHERE spool_id = $1',
      [spoolId, position, now],
    );
  }

  async reject(spoolId: string, rejected: readonly RejectedEntry[], now: Date): Promise<void> {
    if (rejected.length === 0) return;
    await this.manager.query(
      `INSERT INTO data.audit_rejected (spool_id, position, reason, entry, received_at)
       SELECT $1::uuid, *, $5::timestamptz FROM unnest($2::bigint[], $3::text[], $4::text[])
       ON CONFLICT (spool_id, position) DO NOTHING`,
      [
        spoolId,
        rejected.map(({ position }) => position),
        rejected.map(({ reason }) => reason),
        rejected.map(({ entry }) => entry),
        now,
      ],
    );
  }
}
