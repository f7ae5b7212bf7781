import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { TenantSettingsRepository, type SettingsGroup, type TenantSettings } from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  checkIfMatch,
  Clock,
  etagOf,
  withTenant,
  type Person,
} from '@behavry/platform';

const ACTIONS: Readonly<Record<SettingsGroup, string>> = {
  blastRadius: 'settings.blast_radius',
  rateLimits: 'settings.rate_limits',
};

/** The settings that a tenant has for itself. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
    private readonly wake: BuildWake,
  ) {}

  get(tenantId: string): Promise<TenantSettings> {
    return withTenant(this.database, tenantId, (manager) =>
      new TenantSettingsRepository(manager, tenantId).get(),
    );
  }

  /**
   * Sets the members of a group that are given.
   * @throws ProblemError 412
   */
  async change<G extends SettingsGroup>(
    person: Person,
    group: G,
    change: Partial<TenantSettings[G]>,
    ifMatch: string | undefined,
  ): Promise<TenantSettings> {
    const { tenantId, id: personId, username } = person;
    const changed = await withTenant(this.database, tenantId, async (manager) => {
      const now = new Date(this.clock.now());
      const repository = new TenantSettingsRepository(manager, tenantId);
      const before = await repository.lock(now);
      checkIfMatch(ifMatch, etagOf(before.version));
      await repository.change(group, change, before.version + 1, now);
      const after = await repository.get();
      await this.changes.record(manager, {
        tenantId,
        personId,
        username,
        action: ACTIONS[group],
        target: tenantId,
        detail: { before: before[group], after: after[group] },
      });
      return after;
    });
    await this.wake.wake(tenantId, 'policy', 'config');
    return changed;
  }
}
