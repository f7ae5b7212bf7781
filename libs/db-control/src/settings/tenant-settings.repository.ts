import {
  MODEL_SETTINGS_DEFAULTS,
  type BlastRadiusSettings,
  type EscalationSettings,
  type ModelSettings,
  type RateLimitSettings,
} from '@behavry/contracts';
import { BLAST_RADIUS_DEFAULTS } from '@behavry/domain';
import type { EntityManager } from 'typeorm';
import { TenantEntity } from '../tenants/tenant.entity';
import type { PlanTier } from '../tenants/tenant.repository';
import { TenantSettingsEntity } from './tenant-settings.entity';

/** What a plan allows until its tenant sets something else (semantics: plans). Only a tenant can lift a limit. */
export const RATE_LIMITS_OF_PLAN: Readonly<Record<PlanTier, RateLimitSettings>> = {
  trial: { agent_per_minute: 120, tenant_per_minute: 1_200, agent_concurrency: 8 },
  professional: { agent_per_minute: 600, tenant_per_minute: 12_000, agent_concurrency: 32 },
  enterprise: { agent_per_minute: 3_000, tenant_per_minute: 120_000, agent_concurrency: 64 },
};

/** Semantics, escalations: 24 h, 4 h, 30 min and 5 min by risk tier. */
export const ESCALATION_DEFAULTS: EscalationSettings = {
  deadline_seconds: { low: 86_400, medium: 14_400, high: 1_800, critical: 300 },
};

/** A tenant's settings with defaults filled in. */
export interface TenantSettings {
  readonly blastRadius: BlastRadiusSettings;
  readonly rateLimits: RateLimitSettings;
  readonly escalation: EscalationSettings;
  readonly modelSettings: ModelSettings;
  /** Counts the changes of all of them together; 0 while everything is default. */
  readonly version: number;
}

/** The groups that a tenant may change, and their columns. */
const COLUMNS = {
  blastRadius: 'blast_radius',
  rateLimits: 'rate_limits',
  modelSettings: 'model_settings',
} as const;
export type SettingsGroup = keyof typeof COLUMNS;

/** The settings of one tenant. */
export class TenantSettingsRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  async get(): Promise<TenantSettings> {
    const row = await this.manager.findOneBy(TenantSettingsEntity, { tenantId: this.tenantId });
    const tenant = await this.manager.findOneByOrFail(TenantEntity, { id: this.tenantId });
    return {
      blastRadius: { ...BLAST_RADIUS_DEFAULTS, ...row?.blastRadius },
      rateLimits: { ...RATE_LIMITS_OF_PLAN[tenant.planTier as PlanTier], ...row?.rateLimits },
      escalation: row?.escalation ?? ESCALATION_DEFAULTS,
      modelSettings: { ...MODEL_SETTINGS_DEFAULTS, ...row?.modelSettings },
      version: row?.version ?? 0,
    };
  }

  /** The settings, their row made and locked until the transaction ends. */
  async lock(now: Date): Promise<TenantSettings> {
    await this.manager.query(
      `INSERT INTO control.tenant_settings (tenant_id, version, updated_at) VALUES ($1, 0, $2)
       ON CONFLICT (tenant_id) DO NOTHING`,
      [this.tenantId, now],
    );
    await this.manager.findOne(TenantSettingsEntity, {
      where: { tenantId: this.tenantId },
      lock: { mode: 'pessimistic_write' },
    });
    return this.get();
  }

  /** Sets the members that are given; what a tenant never set goes on following its plan. The row is locked. */
  async change<G extends SettingsGroup>(
    group: G,
    members: Partial<TenantSettings[G]>,
    version: number,
    now: Date,
  ): Promise<void> {
    const column = COLUMNS[group];
    await this.manager.query(
      `UPDATE control.tenant_settings SET ${column} = coalesce(${column}, '{}') || $1, version = $2, updated_at = $3
        WHERE tenant_id = $4`,
      [JSON.stringify(members), version, now, this.tenantId],
    );
  }
}
