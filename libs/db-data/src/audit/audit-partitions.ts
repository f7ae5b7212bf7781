import type { DataSource } from 'typeorm';

/**
 * Sees to it that the partitions of some days exist; remembers those it has seen. Outside of the
 * transaction that inserts, so that a rolled-back insert leaves no wrong memory.
 */
export class AuditPartitions {
  readonly #known = new Set<string>();

  /** @param source opened with the audit login */
  constructor(private readonly source: DataSource) {}

  /** @param days in UTC, as `2026-05-04` */
  async ensure(days: Iterable<string>): Promise<void> {
    for (const day of days) {
      if (this.#known.has(day)) continue;
      await this.source.query('SELECT data.audit_ensure_partition($1::date)', [day]);
      this.#known.add(day);
    }
  }
}
