import { IsNull, type EntityManager } from 'typeorm';
import { DataPlaneTokenEntity } from './data-plane-token.entity';
import { InternalTokenEntity } from './internal-token.entity';

export type DataPlaneToken = Readonly<Omit<DataPlaneTokenEntity, 'tokenSha256'>>;

export type NewDataPlaneToken = Pick<
  DataPlaneToken,
  'id' | 'prefix' | 'label' | 'region' | 'deploymentId' | 'createdBy' | 'createdAt' | 'expiresAt'
> & { readonly tokenSha256: Buffer };

/** The figures of one heartbeat. */
export type HeartbeatSnapshot = Pick<
  DataPlaneToken,
  | 'activeAgentCount'
  | 'proxyRpm1m'
  | 'escalationsPending'
  | 'opaBundleVersion'
  | 'uptimeSeconds'
  | 'version'
  | 'configRevision'
  | 'licenseState'
  | 'publicUrl'
>;

/** What is known of a presented token before its tenant is set. */
export interface PresentedToken {
  readonly id: string;
  readonly tenantId: string;
  readonly deploymentId: string | null;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** The internal token of a standalone system. */
  readonly internal: boolean;
}

/** Data-plane tokens of one tenant. */
export class DataPlaneTokenRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async insert(token: NewDataPlaneToken): Promise<void> {
    await this.manager.insert(DataPlaneTokenEntity, { ...token, tenantId: this.tenantId });
  }

  /** All tokens, newest first, revoked ones too. */
  async list(): Promise<readonly DataPlaneToken[]> {
    const rows = await this.manager.find(DataPlaneTokenEntity, {
      where: { tenantId: this.tenantId },
      order: { createdAt: 'DESC', id: 'DESC' },
    });
    return rows.map(withoutHash);
  }

  async get(id: string): Promise<DataPlaneToken | undefined> {
    const row = await this.manager.findOneBy(DataPlaneTokenEntity, { id, tenantId: this.tenantId });
    return row ? withoutHash(row) : undefined;
  }

  /** @returns whether there is such a token; revoking twice keeps the first time */
  async revoke(id: string, now: Date): Promise<boolean> {
    const row = await this.manager.findOneBy(DataPlaneTokenEntity, { id, tenantId: this.tenantId });
    if (!row) return false;
    await this.manager.update(
      DataPlaneTokenEntity,
      { id, tenantId: this.tenantId, revokedAt: IsNull() },
      { revokedAt: now },
    );
    return true;
  }

  /** Lets the old token of a rotation live no longer than `expiresAt`. */
  async shorten(id: string, expiresAt: Date): Promise<void> {
    await this.manager.query(
      `UPDATE control.data_plane_tokens SET expires_at = least(coalesce(expires_at, $1), $1)
       WHERE id = $2 AND tenant_id = $3`,
      [expiresAt, id, this.tenantId],
    );
  }

  /** Records that the token was used. Writes at most once a second for each token. */
  async touch(id: string, now: Date): Promise<void> {
    await this.manager.query(
      `UPDATE control.data_plane_tokens SET last_seen_at = $1
       WHERE id = $2 AND tenant_id = $3 AND (last_seen_at IS NULL OR last_seen_at < $4)`,
      [now, id, this.tenantId, new Date(now.getTime() - 1000)],
    );
  }

  /**
   * Binds an unbound token to a deployment; the row lock decides between two first heartbeats.
   * @returns the deployment the token belongs to after the call, undefined when there is no such token
   */
  async bind(id: string, deploymentId: string): Promise<string | undefined> {
    await this.manager.update(
      DataPlaneTokenEntity,
      { id, tenantId: this.tenantId, deploymentId: IsNull() },
      { deploymentId },
    );
    const token = await this.get(id);
    return token?.deploymentId ?? undefined;
  }

  async recordHeartbeat(id: string, snapshot: HeartbeatSnapshot, now: Date): Promise<void> {
    await this.manager.update(
      DataPlaneTokenEntity,
      { id, tenantId: this.tenantId },
      { ...snapshot, lastSeenAt: now, lastHeartbeatAt: now },
    );
  }

  /** The public address that a data plane of the tenant reported last, if any. */
  async publicUrl(): Promise<string | null> {
    const rows = await this.manager.query<{ public_url: string }[]>(
      `SELECT public_url FROM control.data_plane_tokens
       WHERE tenant_id = $1 AND public_url IS NOT NULL AND revoked_at IS NULL
       ORDER BY last_heartbeat_at DESC LIMIT 1`,
      [this.tenantId],
    );
    return rows[0]?.public_url ?? null;
  }

  /** Makes this the tenant's one internal token; older ones stop working. */
  async replaceInternal(id: string, tokenSha256: Buffer, now: Date): Promise<void> {
    await this.manager.delete(InternalTokenEntity, { tenantId: this.tenantId });
    await this.manager.insert(InternalTokenEntity, {
      id,
      tenantId: this.tenantId,
      tokenSha256,
      createdAt: now,
    });
  }
}

interface PresentedRow {
  id: string;
  tenant_id: string;
  deployment_id: string | null;
  expires_at: Date | null;
  revoked_at: Date | null;
  internal: boolean;
}

/** The token behind the SHA-256 of what was presented, or undefined. Needs no tenant to be set. */
export async function dataPlaneTokenByHash(
  manager: EntityManager,
  tokenSha256: Buffer,
): Promise<PresentedToken | undefined> {
  const [row] = await manager.query<PresentedRow[]>('SELECT * FROM control.data_plane_token_by_hash($1)', [
    tokenSha256,
  ]);
  return row
    ? {
        id: row.id,
        tenantId: row.tenant_id,
        deploymentId: row.deployment_id,
        expiresAt: row.expires_at,
        revokedAt: row.revoked_at,
        internal: row.internal,
      }
    : undefined;
}

function withoutHash(row: DataPlaneTokenEntity): DataPlaneToken {
  const token: DataPlaneToken & { tokenSha256?: Buffer } = Object.assign({}, row);
  delete token.tokenSha256;
  return token;
}
