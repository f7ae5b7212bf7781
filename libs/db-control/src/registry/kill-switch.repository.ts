import type { KillScope, KillSwitch } from '@behavry/contracts';
import type { EntityManager } from 'typeorm';
import { KillSwitchEntity } from './kill-switch.entity';

export interface ThrownKillSwitch extends KillSwitch {
  readonly createdBy: string | null;
  readonly createdByName: string;
  readonly createdAt: Date;
}

/** The kill switches of one tenant that are thrown now. */
export class KillSwitchRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /**
   * Throws a switch.
   * @returns whether it is new; false when one of this scope and target is thrown already
   */
  async insert(made: ThrownKillSwitch): Promise<boolean> {
    const rows = await this.manager.query<{ id: string }[]>(
      `INSERT INTO control.kill_switches
         (id, tenant_id, scope, target, reason, created_by, created_by_name, created_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (tenant_id, scope, target) DO NOTHING RETURNING id`,
      [
        made.id,
        this.tenantId,
        made.scope,
        made.target,
        made.reason,
        made.createdBy,
        made.createdByName,
        made.createdAt,
      ],
    );
    return rows.length === 1;
  }

  async get(id: string): Promise<ThrownKillSwitch | undefined> {
    const row = await this.manager.findOneBy(KillSwitchEntity, { id, tenantId: this.tenantId });
    return row ? toSwitch(row) : undefined;
  }

  async find(scope: KillScope, target: string): Promise<ThrownKillSwitch | undefined> {
    const row = await this.manager.findOneBy(KillSwitchEntity, { scope, target, tenantId: this.tenantId });
    return row ? toSwitch(row) : undefined;
  }

  /** One page, newest first, and how many there are. */
  async list(page: {
    limit: number;
    offset: number;
  }): Promise<{ switches: readonly ThrownKillSwitch[]; total: number }> {
    const [rows, total] = await this.manager.findAndCount(KillSwitchEntity, {
      where: { tenantId: this.tenantId },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: page.limit,
      skip: page.offset,
    });
    return { switches: rows.map(toSwitch), total };
  }

  /** @returns whether it was there to be released */
  async delete(id: string): Promise<boolean> {
    const result = await this.manager.delete(KillSwitchEntity, { id, tenantId: this.tenantId });
    return result.affected === 1;
  }

  /** Every thrown switch as the config document carries it, in a fixed order (by id). */
  async entries(): Promise<readonly KillSwitch[]> {
    const rows = await this.manager.find(KillSwitchEntity, {
      where: { tenantId: this.tenantId },
      order: { id: 'ASC' },
    });
    return rows.map(({ id, scope, target, reason }) => ({ id, scope: scope as KillScope, target, reason }));
  }
}

function toSwitch(row: KillSwitchEntity): ThrownKillSwitch {
  const { id, scope, target, reason, createdBy, createdByName, createdAt } = row;
  return { id, scope: scope as KillScope, target, reason, createdBy, createdByName, createdAt };
}
