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
  const policies = active.map((policy) => tenantPolicy(policy.id, policy));
  return { tenantId, policies, blastRadius, policyCounter };
}

/**
 * A stored policy as the bundle rules take it.
 * @throws Error when its package no longer passes the rules it was saved under
 */
export function tenantPolicy(
  id: string,
  stored: {
    readonly version: number;
    readonly content: string;
    readonly category: string;
    readonly concerns: Concerns;
  },
): TenantPolicy {
  const { version, content, category, concerns } = stored;
  const named = packageOf(content, category);
  if (!named.ok) throw new Error(`a stored policy has no valid package: ${named.fault.message}`);
  return { id, version, package: named.package, content, concerns };
}
