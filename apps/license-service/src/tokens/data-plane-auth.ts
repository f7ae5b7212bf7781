import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { dataPlaneTokenByHash, DataPlaneTokenRepository, type PresentedToken } from '@behavry/db-control';
import { bearerOf, Clock, ProblemError, sha256, withTenant } from '@behavry/platform';

const MAX_TOKEN_CHARACTERS = 512;

/** Knows data planes by their tokens. Unknown, expired and revoked ones are answered alike. */
@Injectable()
export class DataPlaneAuth {
  constructor(
    private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  /** @throws ProblemError 401 */
  async byHeader(header: string | undefined): Promise<PresentedToken> {
    return this.byToken(bearerOf(header) ?? '');
  }

  /** Finds the token and records that it was used. @throws ProblemError 401 */
  async byToken(token: string): Promise<PresentedToken> {
    if (token === '' || token.length > MAX_TOKEN_CHARACTERS) throw unknownToken();
    const found = await dataPlaneTokenByHash(this.database.manager, sha256(token));
    const now = this.clock.now();
    if (!found || found.internal || found.revokedAt !== null) throw unknownToken();
    if (found.expiresAt !== null && found.expiresAt.getTime() <= now) throw unknownToken();
    const { id, tenantId } = found;
    await withTenant(this.database, tenantId, (manager) =>
      new DataPlaneTokenRepository(manager, tenantId).touch(id, new Date(now)),
    );
    return found;
  }
}

function unknownToken(): ProblemError {
  return new ProblemError('unauthenticated', 'The data-plane token is not valid.', {
    headers: { 'www-authenticate': 'Bearer' },
  });
}
