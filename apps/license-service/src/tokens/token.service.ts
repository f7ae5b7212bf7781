import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { DataPlaneTokenRepository, type DataPlaneToken } from '@behavry/db-control';
import { ChangeLog, Clock, ProblemError, sha256, uuidv7, withTenant, type Person } from '@behavry/platform';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 365;
const DEFAULT_OVERLAP_SECONDS = 3600;

export interface IssuedToken {
  readonly token: DataPlaneToken;
  /** The plain text, which is kept nowhere. */
  readonly plain: string;
}

interface TokenDraft {
  readonly label: string;
  readonly region: string | null;
  readonly deploymentId: string | null;
  readonly expiresAt: Date;
}

/** Data-plane tokens of a tenant. */
@Injectable()
export class TokenService {
  constructor(
    private readonly database: DataSource,
    private readonly changes: ChangeLog,
    private readonly clock: Clock,
  ) {}

  async issue(
    person: Person,
    label: string,
    region: string | null,
    days = DEFAULT_DAYS,
  ): Promise<IssuedToken> {
    const expiresAt = new Date(this.clock.now() + days * DAY_MS);
    return withTenant(this.database, person.tenantId, (manager) =>
      this.#make(manager, person, 'data_plane_token.issue', { label, region, deploymentId: null, expiresAt }),
    );
  }

  async list(tenantId: string): Promise<readonly DataPlaneToken[]> {
    return withTenant(this.database, tenantId, (manager) =>
      new DataPlaneTokenRepository(manager, tenantId).list(),
    );
  }

  /** Ends a token at once; the database tells bundle-server, which ends its held polls. @throws ProblemError 404 */
  async revoke(person: Person, id: string): Promise<void> {
    const { tenantId } = person;
    await withTenant(this.database, tenantId, async (manager) => {
      const tokens = new DataPlaneTokenRepository(manager, tenantId);
      if (!(await tokens.revoke(id, new Date(this.clock.now())))) throw noSuchToken();
      await this.#record(manager, person, 'data_plane_token.revoke', id, {});
    });
  }

  /**
   * Issues a successor for the same deployment; the old token ends after the overlap.
   * @throws ProblemError 404, or 409 when the old token is revoked or expired
   */
  async rotate(person: Person, id: string, overlapSeconds = DEFAULT_OVERLAP_SECONDS): Promise<IssuedToken> {
    const { tenantId } = person;
    const now = this.clock.now();
    return withTenant(this.database, tenantId, async (manager) => {
      const tokens = new DataPlaneTokenRepository(manager, tenantId);
      const old = await tokens.get(id);
      if (!old) throw noSuchToken();
      if (old.revokedAt || (old.expiresAt && old.expiresAt.getTime() <= now)) {
        throw new ProblemError('state_conflict', 'The token is revoked or expired; issue a new one.');
      }
      const { label, region, deploymentId, createdAt, expiresAt } = old;
      const lifeMs = expiresAt ? expiresAt.getTime() - createdAt.getTime() : DEFAULT_DAYS * DAY_MS;
      await tokens.shorten(id, new Date(now + overlapSeconds * 1000));
      return this.#make(manager, person, 'data_plane_token.rotate', {
        label,
        region,
        deploymentId,
        expiresAt: new Date(now + lifeMs),
      });
    });
  }

  async #make(
    manager: EntityManager,
    person: Person,
    action: string,
    draft: TokenDraft,
  ): Promise<IssuedToken> {
    const { tenantId } = person;
    const now = this.clock.now();
    const id = uuidv7(now);
    const plain = `dp_${randomBytes(36).toString('base64url')}`;
    const tokens = new DataPlaneTokenRepository(manager, tenantId);
    await tokens.insert({
      ...draft,
      id,
      tokenSha256: sha256(plain),
      prefix: plain.slice(0, 8),
      createdBy: person.id,
      createdAt: new Date(now),
    });
    await this.#record(manager, person, action, id, {
      label: draft.label,
      region: draft.region,
      expires_at: draft.expiresAt.toISOString(),
    });
    const token = await tokens.get(id);
    if (!token) throw new Error('the new token was not stored');
    return { token, plain };
  }

  #record(
    manager: EntityManager,
    { tenantId, id: personId, username }: Person,
    action: string,
    target: string,
    detail: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    return this.changes.record(manager, { tenantId, personId, username, action, target, detail });
  }
}

function noSuchToken(): ProblemError {
  return new ProblemError('not_found', 'There is no data-plane token with this id.');
}
