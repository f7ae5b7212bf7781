import type { EntityManager } from 'typeorm';
import { ContentChangesEntity } from './content-changes.entity';

/** How often the content of a tenant's two documents has changed; both only rise. */
export interface ContentCounters {
  readonly policy: number;
  readonly config: number;
}

interface Row {
  tenant_id: string;
  policy_counter: number;
  config_counter: number;
}

/** The tenant's counters as this transaction sees them; zeros when nothing was ever written. */
export async function contentCounters(manager: EntityManager, tenantId: string): Promise<ContentCounters> {
  const row = await manager.findOneBy(ContentChangesEntity, { tenantId });
  return { policy: row?.policyCounter ?? 0, config: row?.configCounter ?? 0 };
}

/**
 * The tenant's counters, locked until the transaction ends, so that nobody else's change to the
 * tenant's content can come between a check and the write that relies on it.
 */
export async function lockContentCounters(
  manager: EntityManager,
  tenantId: string,
): Promise<ContentCounters> {
  await manager.query(
    `INSERT INTO control.content_changes (tenant_id, policy_counter, config_counter) VALUES ($1, 0, 0)
     ON CONFLICT (tenant_id) DO NOTHING`,
    [tenantId],
  );
  const row = await manager.findOneOrFail(ContentChangesEntity, {
    where: { tenantId },
    lock: { mode: 'pessimistic_write' },
  });
  return { policy: row.policyCounter, config: row.configCounter };
}

/** The counters of every tenant that has content, by tenant id. Needs no tenant to be set. */
export async function allContentCounters(
  manager: EntityManager,
): Promise<ReadonlyMap<string, ContentCounters>> {
  const rows = await manager.query<Row[]>('SELECT * FROM control.content_changes_all()');
  return new Map(
    rows.map((row) => [row.tenant_id, { policy: row.policy_counter, config: row.config_counter }]),
  );
}
