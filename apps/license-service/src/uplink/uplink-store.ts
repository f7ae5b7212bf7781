import type { DataSource } from 'typeorm';
import { UplinkMemoryRepository, type UplinkMemory } from '@behavry/db-data';
import { withTenant } from '@behavry/platform';

/** The uplink's memory in the plane's database. */
export class UplinkStore {
  #writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: DataSource,
    private readonly tenantId: string,
  ) {}

  read(): Promise<UplinkMemory> {
    return withTenant(this.database, this.tenantId, (manager) =>
      new UplinkMemoryRepository(manager, this.tenantId).read(),
    );
  }

  /** Writes take turns: each one reads the row first, so two at once would lose one's facts. */
  write(change: Partial<UplinkMemory>): Promise<void> {
    const written = this.#writing.then(() =>
      withTenant(this.database, this.tenantId, (manager) =>
        new UplinkMemoryRepository(manager, this.tenantId).write(change),
      ),
    );
    this.#writing = written.catch(() => undefined);
    return written;
  }
}
