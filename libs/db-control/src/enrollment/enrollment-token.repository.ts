import type { EntityManager } from 'typeorm';
import { EnrollmentTokenEntity } from './enrollment-token.entity';

export interface EnrollmentToken {
  readonly id: string;
  readonly label: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly usedAt: Date | null;
  readonly agentId: string | null;
}

export type NewEnrollmentToken = Omit<EnrollmentToken, 'usedAt' | 'agentId'> & {
  readonly tokenSha256: Buffer;
};

/** Where a presented enrolment token belongs. */
export interface EnrollmentOffer {
  readonly id: string;
  readonly tenantId: string;
  readonly roles: readonly string[];
  readonly permissions: readonly string[];
  readonly tenantActive: boolean;
}

/** Enrolment tokens of one tenant. */
export class EnrollmentTokenRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async insert(token: NewEnrollmentToken): Promise<void> {
    await this.manager.insert(EnrollmentTokenEntity, {
      ...token,
      roles: [...token.roles],
      permissions: [...token.permissions],
      tenantId: this.tenantId,
      usedAt: null,
      agentId: null,
    });
  }

  /** One page of tokens, newest first, and how many there are. */
  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ tokens: readonly EnrollmentToken[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(EnrollmentTokenEntity, {
      where: { tenantId: this.tenantId },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: page.limit,
      skip: page.offset,
    });
    return { tokens: rows.map(toToken), total };
  }

  /** @returns whether there was such a token */
  async delete(id: string): Promise<boolean> {
    const result = await this.manager.delete(EnrollmentTokenEntity, { id, tenantId: this.tenantId });
    return result.affected === 1;
  }

  /**
   * Uses the token up for one agent. The row lock of the update decides between two callers, so exactly
   * one of them is told yes.
   * @returns whether the token was unused and unexpired at `now`
   */
  async redeem(id: string, agentId: string, now: Date): Promise<boolean> {
    const result = await this.manager
      .createQueryBuilder()
      .update(EnrollmentTokenEntity)
      .set({ usedAt: now, agentId })
      .where('id = :id AND tenant_id = :tenantId AND used_at IS NULL AND expires_at > :now', {
        id,
        tenantId: this.tenantId,
        now,
      })
      .execute();
    return result.affected === 1;
  }
}

interface OfferRow {
  id: string;
  tenant_id: string;
  roles: string[];
  permissions: string[];
  tenant_active: boolean;
}

/** The offer behind the SHA-256 of a presented token, or undefined. Needs no tenant to be set. */
export async function enrollmentTokenByHash(
  manager: EntityManager,
  tokenSha256: Buffer,
): Promise<EnrollmentOffer | undefined> {
  const [row] = await manager.query<OfferRow[]>('SELECT * FROM control.enrollment_token_by_hash($1)', [
    tokenSha256,
  ]);
  return row
    ? {
        id: row.id,
        tenantId: row.tenant_id,
        roles: row.roles,
        permissions: row.permissions,
        tenantActive: row.tenant_active,
      }
    : undefined;
}

function toToken(row: EnrollmentTokenEntity): EnrollmentToken {
  return {
    id: row.id,
    label: row.label,
    roles: row.roles,
    permissions: row.permissions,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    usedAt: row.usedAt,
    agentId: row.agentId,
  };
}
