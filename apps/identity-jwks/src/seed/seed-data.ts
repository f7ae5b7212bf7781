import type { DataSource } from 'typeorm';
import { LocalPersonRepository } from '@behavry/db-data';
import { ConfigError, uuidv7, withTenant, type ServiceContext } from '@behavry/platform';
import { dataPlaneIdentity, type IdentityConfig } from '../identity-jwks.config';
import { hashPassword } from '../people/password';
import { FIRST_ADMINISTRATOR } from './seed-control';

/**
 * Makes the local administrator of a data plane, where there is none.
 * @throws ConfigError when there is none and no password for one
 */
export async function seedData(context: ServiceContext<IdentityConfig>, database: DataSource): Promise<void> {
  const { config, clock } = context;
  const tenantId = dataPlaneIdentity(config).tenantId.toLowerCase();
  await withTenant(database, tenantId, async (manager) => {
    const people = new LocalPersonRepository(manager, tenantId);
    if (await people.byUsername(FIRST_ADMINISTRATOR)) return;
    if (config.adminPassword === undefined) {
      throw new ConfigError(['BEHAVRY_ADMIN_PASSWORD is needed to make the local administrator (not set)']);
    }
    const now = clock.now();
    await people.insert({
      id: uuidv7(now),
      username: FIRST_ADMINISTRATOR,
      passwordHash: await hashPassword(config.adminPassword),
      roles: ['admin'],
      createdAt: new Date(now),
    });
  });
}
