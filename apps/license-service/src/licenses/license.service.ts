import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { LicenseState, LicenseValidateRequest, LicenseValidateResponse } from '@behavry/contracts';
import { TenantRepository, type Tenant } from '@behavry/db-control';
import { Clock, equalInConstantTime, ProblemError, SigningKeys, withTenant } from '@behavry/platform';
import { afterCheck, GRACE_DAYS, UNCHECKED } from '../domain/license-state';

/** Licences of tenants, as the control plane keeps them. */
@Injectable()
export class LicenseService {
  constructor(
    private readonly database: DataSource,
    private readonly keys: SigningKeys,
    private readonly clock: Clock,
  ) {}

  /** @throws ProblemError 404 */
  async tenant(tenantId: string): Promise<Tenant> {
    const tenant = await withTenant(this.database, tenantId, (manager) =>
      new TenantRepository(manager, tenantId).get(),
    );
    if (!tenant) throw new ProblemError('not_found', 'There is no such tenant.');
    return tenant;
  }

  /**
   * Checks a licence key for the tenant that a data-plane token belongs to. A wrong key learns nothing
   * about the tenant (contract: license validation).
   */
  async validate(tenantId: string, request: LicenseValidateRequest): Promise<LicenseValidateResponse> {
    const tenant = await this.tenant(tenantId);
    const isKeyRight = equalInConstantTime(request.license_key, tenant.licenseKey);
    const isCurrent = this.#isCurrent(tenant);
    return {
      valid: isKeyRight && isCurrent,
      plan_tier: isKeyRight ? tenant.planTier : null,
      expires_at: isKeyRight ? (tenant.licenseExpiresAt?.toISOString() ?? null) : null,
      max_agents: isKeyRight ? tenant.maxAgents : null,
      grace_period_days: GRACE_DAYS,
      update_available: false,
      update_notes: null,
      bundle_keys: await this.keys.publicKeys('bundle'),
    };
  }

  /** The state of a tenant's own licence, for its people. */
  async status(tenantId: string): Promise<LicenseState> {
    const tenant = await this.tenant(tenantId);
    const facts = {
      planTier: tenant.planTier,
      expiresAt: tenant.licenseExpiresAt?.toISOString() ?? null,
      maxAgents: tenant.maxAgents,
    };
    return afterCheck(UNCHECKED, { kind: 'valid', ...facts }, this.clock.now());
  }

  #isCurrent({ status, licenseExpiresAt }: Tenant): boolean {
    return (
      status === 'active' && (licenseExpiresAt === null || licenseExpiresAt.getTime() > this.clock.now())
    );
  }
}
