import type { DataSource } from 'typeorm';
import { listTenants, personByUsername, PersonRepository, TenantRepository } from '@behavry/db-control';
import { ConfigError, uuidv7, withTenant, type ServiceContext } from '@behavry/platform';
import { licenseEnd, PLAN_GRANTS } from '../domain/plans';
import type { IdentityConfig } from '../identity-jwks.config';
import { hashPassword } from '../people/password';
import { newLicenseKey } from '../tenants/license-key';

export const DEFAULT_SLUG = 'default';
export const FIRST_ADMINISTRATOR = 'admin';

/**
 * Makes the default tenant with its licence key and the first administrator, where they are missing.
 * @throws ConfigError when there is no administrator and no password for one, or when the default tenant
 *   exists under another id than BEHAVRY_TENANT_ID
 */
export async function seedControl(
  context: ServiceContext<IdentityConfig>,
  database: DataSource,
): Promise<void> {
  const { config, clock, log } = context;
  const found = (await listTenants(database.manager)).find(({ slug }) => slug === DEFAULT_SLUG);
  if (found && config.tenantId !== undefined && found.id !== config.tenantId.toLowerCase()) {
    throw new ConfigError([`BEHAVRY_TENANT_ID is another id than that of the default tenant, ${found.id}`]);
  }
  const tenantId = found?.id ?? config.tenantId?.toLowerCase() ?? uuidv7(clock.now());
  const hasAdministrator = (await personByUsername(database.manager, FIRST_ADMINISTRATOR)) !== undefined;
  if (!hasAdministrator && config.adminPassword === undefined) {
    throw new ConfigError(['BEHAVRY_ADMIN_PASSWORD is needed to make the first administrator (not set)']);
  }
  const passwordHash = hasAdministrator ? undefined : await hashPassword(config.adminPassword ?? '');
  const now = new Date(clock.now());
  const grant = PLAN_GRANTS.enterprise;
  await withTenant(database, tenantId, async (manager) => {
    if (!found) {
      await new TenantRepository(manager, tenantId).insert({
        slug: DEFAULT_SLUG,
        name: 'Default',
        planTier: 'enterprise',
        status: 'active',
        licenseKey: newLicenseKey(),
        licenseExpiresAt: licenseEnd(now.getTime(), grant.days),
        maxAgents: grant.maxAgents,
        features: grant.features,
        createdAt: now,
      });
    }
    if (passwordHash !== undefined) {
      await new PersonRepository(manager, tenantId).insert({
        id: uuidv7(now.getTime()),
        username: FIRST_ADMINISTRATOR,
        email: null,
        passwordHash,
        roles: ['admin'],
        superAdmin: true,
        createdAt: now,
      });
    }
  });
  log.info({ tenant_id: tenantId, is_new: !found }, 'default tenant is there');
}
