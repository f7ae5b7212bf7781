import type { EntityManager } from 'typeorm';
import { contentCounters, PolicyRepository, TenantSettingsRepository } from '@behavry/db-control';
import { packageOf, type Concerns, type TenantPolicy } from '@behavry/domain';
import type { TenantContent } from '../gate/gate';

/** A tenant's active content and the counter that tells whether it is still the present one. */
export interface ContentSnapshot extends TenantContent {
  readonly policyCounter: number;
}

/** Reads what a bundle built now would hold. */
export async function readContent(manager: EntityManager, tenantId: string): Promise<ContentSnapshot> {
  // The counter first: a change that slips in between is then seen as a change, not missed.
  const { policy: policyCounter } = await contentCounters(manager, tenantId);
  const active = await new PolicyRepository(manager, tenantId).active();
  const { blastRadius } = await new TenantSettingsRepository(manager, tenantId).get();
  return { policies: active.map(tenantPolicy), blastRadius, policyCounter };
}

/**
 * A stored policy as the bundle rules take it.
 * @throws Error when its package no longer passes the rules it was saved under
 */
export function tenantPolicy(stored: {
  readonly content: string;
  readonly category: string;
  readonly concerns: Concerns;
}): TenantPolicy {
  const named = packageOf(stored.content, stored.category);
  if (!named.ok) throw new Error(`a stored policy has no valid package: ${named.fault.message}`);
  return { package: named.package, content: stored.content, concerns: stored.concerns };
}
