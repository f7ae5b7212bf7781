import type { BlastRadiusSettings, EscalationSettings, RateLimitSettings } from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import type { EntityManager } from 'typeorm';
import { TenantSettingsEntity } from './tenant-settings.entity';

/** No limit until a tenant sets one. */
export const RATE_LIMIT_DEFAULTS: RateLimitSettings = { agent_per_minute: null, tenant_per_minute: null };

/** Semantics, escalations: 24 h, 4 h, 30 min and 5 min by risk tier. */
export const ESCALATION_DEFAULTS: EscalationSettings = {
  deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 },
};

/** A tenant's settings with defaults filled in. */
export interface TenantSettings {
  readonly blastRadius: BlastRadiusSettings;
  readonly rateLimits: RateLimitSettings;
  readonly escalation: EscalationSettings;
  /** Counts the changes of all of them together; 0 while everything is default. */
  readonly version: number;
}

/** The settings of one tenant. */
export class TenantSettingsRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async get(): Promise<TenantSettings> {
    return withDefaults(await this.manager.findOneBy(TenantSettingsEntity, { tenantId: this.tenantId }));
  }

  /** The settings, their row made and locked until the transaction ends. */
  async lock(now: Date): Promise<TenantSettings> {
    await this.manager.query(
      `INSERT INTO control.tenant_settings (tenant_id, version, updated_at) VALUES ($1, 0, $2)
       ON CONFLICT (tenant_id) DO NOTHING`,
      [this.tenantId, now],
    );
    return withDefaults(
      await this.manager.findOne(TenantSettingsEntity, {
        where: { tenantId: this.tenantId },
        lock: { mode: 'pessimistic_write' },
      }),
    );
  }

  /** Replaces what is given; the row is locked. */
  async replace(
    change: Partial<Pick<TenantSettings, 'blastRadius' | 'rateLimits' | 'escalation'>>,
    version: number,
    now: Date,
  ): Promise<void> {
    await this.manager.update(
      TenantSettingsEntity,
      { tenantId: this.tenantId },
      { ...change, version, updatedAt: now },
    );
  }
}

function withDefaults(row: TenantSettingsEntity | null): TenantSettings {
  return {
    blastRadius: row?.blastRadius ?? BLAST_RADIUS_DEFAULTS,
    rateLimits: row?.rateLimits ?? RATE_LIMIT_DEFAULTS,
    escalation: row?.escalation ?? ESCALATION_DEFAULTS,
    version: row?.version ?? 0,
  };
}
