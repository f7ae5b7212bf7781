import { randomBytes } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { dataPlaneTokenByHash, DataPlaneTokenRepository, listTenants } from '@behavry/db-control';
import {
  opaTokenFile,
  readQuietly,
  sha256,
  uuidv7,
  withTenant,
  type ServiceContext,
} from '@behavry/platform';

const DEFAULT_SLUG = 'default';

/**
 * The token with which a standalone system polls its own bundle-server: the one on disk while it is still
 * known, else a new one that ends all before it.
 */
export async function internalToken(
  context: ServiceContext,
  database: DataSource,
  tenantId: string,
  opaFolder: string,
): Promise<string> {
  const kept = readQuietly(opaTokenFile(opaFolder));
  if (kept !== undefined) {
    const found = await dataPlaneTokenByHash(database.manager, sha256(kept));
    if (found?.internal && found.tenantId === tenantId) return kept;
  }
  const token = `dpi_${randomBytes(36).toString('base64url')}`;
  const now = context.clock.now();
  await withTenant(database, tenantId, (manager) =>
    new DataPlaneTokenRepository(manager, tenantId).replaceInternal(
      uuidv7(now),
      sha256(token),
      new Date(now),
    ),
  );
  return token;
}

/**
 * @returns the tenant that a standalone system serves
 * @throws Error when the plane was not seeded
 */
export async function standaloneTenant(context: ServiceContext, database: DataSource): Promise<string> {
  const all = await listTenants(database.manager);
  const wanted = context.config.tenantId?.toLowerCase();
  const found = all.find(({ id, slug }) => (wanted === undefined ? slug === DEFAULT_SLUG : id === wanted));
  if (!found) throw new Error('the default tenant is not there; run identity-jwks with --migrate first');
  return found.id;
}
