import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  listTenants,
  PersonRepository,
  TenantRepository,
  type PlanTier,
  type Tenant,
  type TenantChange,
  type TenantSummary,
} from '@behavry/db-control';
import {
  BuildWake,
  ChangeLog,
  Clock,
  ProblemError,
  uuidv7,
  withTenant,
  type Person,
  uniqueViolation,
} from '@behavry/platform';
import { licenseEnd, PLAN_GRANTS } from '../domain/plans';
import { Passwords } from '../people/password';
import { newLicenseKey } from './license-key';

export interface TenantDraft {
  readonly name: string;
  readonly slug: string;
  readonly planTier: PlanTier;
  readonly username: string;
  readonly email: string | null;
  /** Undefined: one is made. */
  readonly password: string | undefined;
}

export interface MadeTenant {
  readonly id: string;
  readonly licenseKey: string;
  readonly username: string;
  readonly password: string;
}

/** Tenants as super-administrators see them. */
@Injectable()
export class TenantService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly wake: BuildWake,
    private readonly passwords: Passwords,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a tenant with its first administrator.
   * @param by who did it; undefined for a sign-up
   * @throws ProblemError 409 when the slug or the username is taken
   */
  async create(draft: TenantDraft, by?: Person): Promise<MadeTenant> {
    const now = this.clock.now();
    const id = uuidv7(now);
    const personId = uuidv7(now);
    const licenseKey = newLicenseKey();
    const password = draft.password ?? randomBytes(18).toString('base64url');
    const passwordHash = await this.passwords.hash(password);
    const grant = PLAN_GRANTS[draft.planTier];
    try {
      await withTenant(this.database, id, async (manager) => {
        await new TenantRepository(manager, id).insert({
          slug: draft.slug,
          name: draft.name,
          planTier: draft.planTier,
          status: 'active',
          licenseKey,
          licenseExpiresAt: licenseEnd(now, grant.days),
          maxAgents: grant.maxAgents,
          features: grant.features,
          createdAt: new Date(now),
        });
        await new PersonRepository(manager, id).insert({
          id: personId,
          username: draft.username,
          email: draft.email,
          passwordHash,
          roles: ['admin'],
          superAdmin: false,
          createdAt: new Date(now),
        });
        await this.changes.record(manager, {
          tenantId: id,
          personId: by?.id ?? personId,
          username: by?.username ?? draft.username,
          action: 'tenant.create',
          target: id,
          detail: { name: draft.name, slug: draft.slug, plan_tier: draft.planTier },
        });
      });
    } catch (error) {
      const constraint = uniqueViolation(error);
      if (constraint === undefined) throw error;
      const what = constraint === 'people_username_uq' ? 'username' : 'slug';
      throw new ProblemError('conflict', `This ${what} is taken.`);
    }
    await this.wake.wake(id, 'policy', 'config');
    return { id, licenseKey, username: draft.username, password };
  }

  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ tenants: readonly TenantSummary[]; total: number }> {
    const all = await listTenants(this.database.manager);
    return { tenants: all.slice(page.offset, page.offset + page.limit), total: all.length };
  }

  /** @throws ProblemError 404 */
  async change(by: Person, id: string, action: string, change: TenantChange): Promise<Tenant> {
    const tenant = await withTenant(this.database, id, async (manager) => {
      const tenants = new TenantRepository(manager, id);
      if (!(await tenants.lock())) throw new ProblemError('not_found', 'There is no tenant with this id.');
      await tenants.update(change, new Date(this.clock.now()));
      const { licenseKey, ...detail } = change;
      await this.changes.record(manager, {
        tenantId: id,
        personId: by.id,
        username: by.username,
        action,
        target: id,
        detail: { ...detail, ...(licenseKey === undefined ? {} : { license_key: 'replaced' }) },
      });
      return tenants.get();
    });
    if (!tenant) throw new ProblemError('not_found', 'There is no tenant with this id.');
    await this.wake.wake(id, 'config');
    return tenant;
  }
}
