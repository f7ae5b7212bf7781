import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  TenantRepository,
  TenantSettingsRepository,
  type SettingsGroup,
  type TenantSettings,
} from '@behavry/db-control';
import { canonicalJson } from '@behavry/domain';
import {
  BuildWake,
  ChangeLog,
  checkIfMatch,
  Clock,
  etagOf,
  withTenant,
  type Person,
} from '@behavry/platform';
import { requirePlan } from '../http/require-plan';

const ACTIONS: Readonly<Record<SettingsGroup, string>> = {
  blastRadius: 'settings.blast_radius',
  rateLimits: 'settings.rate_limits',
  modelSettings: 'settings.model_settings',
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
   * @throws ProblemError 402, 412
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
      if (hasBudgets(change)) {
        const tenant = await new TenantRepository(manager, tenantId).get();
        requirePlan(tenant?.planTier ?? 'trial', 'professional', 'Budgets');
      }
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
        detail: changedMembers(before[group], after[group]),
      });
      return after;
    });
    await this.wake.wake(tenantId, 'policy', 'config');
    return changed;
  }
}

function hasBudgets(change: object): boolean {
  return 'budgets' in change && Array.isArray(change.budgets) && change.budgets.length > 0;
}

/** The members that are not as they were: a group may be large, and a change of it small. */
function changedMembers<T extends object>(before: T, after: T): { before: Partial<T>; after: Partial<T> } {
  const names = (Object.keys(after) as (keyof T)[]).filter(
    (name) => canonicalJson(before[name]) !== canonicalJson(after[name]),
  );
  const only = (of: T): Partial<T> => Object.fromEntries(names.map((name) => [name, of[name]])) as Partial<T>;
  return { before: only(before), after: only(after) };
}
