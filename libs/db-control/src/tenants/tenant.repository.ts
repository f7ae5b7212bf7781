import type { EntityManager } from 'typeorm';
import { TenantEntity } from './tenant.entity';

export type PlanTier = 'trial' | 'professional' | 'enterprise';
export type TenantStatus = 'active' | 'suspended';

export interface Tenant {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly planTier: PlanTier;
  readonly status: TenantStatus;
  readonly licenseKey: string;
  /** Null: the licence does not expire. */
  readonly licenseExpiresAt: Date | null;
  /** Agents that may exist at once; -1 is unlimited. */
  readonly maxAgents: number;
  readonly features: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type TenantChange = Partial<
  Pick<Tenant, 'name' | 'planTier' | 'status' | 'licenseKey' | 'licenseExpiresAt' | 'maxAgents'>
>;

/** What may be known of every tenant before one is chosen. */
export interface TenantSummary {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly planTier: PlanTier;
  readonly status: TenantStatus;
  readonly createdAt: Date;
}

/** Tenants, each seen only from inside its own transaction (row-level security). */
export class TenantRepository {
  /** @param manager of a transaction that has set `tenantId` */
  constructor(
    private readonly manager: EntityManager,
    private readonly tenantId: string,
  ) {}

  /** The tenant of this transaction, or undefined. */
  async get(): Promise<Tenant | undefined> {
    const row = await this.manager.findOneBy(TenantEntity, { id: this.tenantId });
    return row ? toTenant(row) : undefined;
  }

  /** The tenant of this transaction, its row locked until the transaction ends: serialises growth checks. */
  async lock(): Promise<Tenant | undefined> {
    const row = await this.manager.findOne(TenantEntity, {
      where: { id: this.tenantId },
      lock: { mode: 'pessimistic_write' },
    });
    return row ? toTenant(row) : undefined;
  }

  /** Adds the tenant. Throws the driver's unique violation when slug or licence key is taken. */
  async insert(tenant: Omit<Tenant, 'id' | 'updatedAt'>): Promise<void> {
    await this.manager.insert(TenantEntity, {
      ...tenant,
      features: [...tenant.features],
      id: this.tenantId,
      updatedAt: tenant.createdAt,
    });
  }

  async update(change: TenantChange, now: Date): Promise<void> {
    await this.manager.update(TenantEntity, { id: this.tenantId }, { ...change, updatedAt: now });
  }
}

interface SummaryRow {
  id: string;
  slug: string;
  name: string;
  plan_tier: PlanTier;
  status: TenantStatus;
  created_at: Date;
}

/** Every tenant of the plane, oldest first; for sweeps and super-administrators. Needs no tenant to be set. */
export async function listTenants(manager: EntityManager): Promise<readonly TenantSummary[]> {
  const rows = await manager.query<SummaryRow[]>('SELECT * FROM control.tenants_all()');
  return rows.map((row) => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    planTier: row.plan_tier,
    status: row.status,
    createdAt: row.created_at,
  }));
}

function toTenant(row: TenantEntity): Tenant {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    planTier: row.planTier as PlanTier,
    status: row.status as TenantStatus,
    licenseKey: row.licenseKey,
    licenseExpiresAt: row.licenseExpiresAt,
    maxAgents: row.maxAgents,
    features: row.features,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
