import type { DataSource } from 'typeorm';

/**
 * Sees to it that the partitions of some days exist; remembers those it has seen. Outside of the
 * transaction that inserts, so that a rolled-back insert leaves no wrong memory.
 */
export class AuditPartitions {
  readonly #known = new Set<string>();

  /** @param source opened with the audit login */
  constructor(private readonly source: DataSource) {}

  /** @param times instants as RFC 3339 in UTC */
  async ensure(times: Iterable<string>): Promise<void> {
    const days = new Set<string>();
    for (const time of times) days.add(new Date(time).toISOString().slice(0, 10));
    for (const day of days) {
      if (this.#known.has(day)) continue;
      await this.source.query('SELECT data.audit_ensure_partition($1::date)', [day]);
      this.#known.add(day);
    }
  }
}
