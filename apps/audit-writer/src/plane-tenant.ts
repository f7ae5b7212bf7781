import type { PlaneState, ServiceContext } from '@behavry/platform';

/**
 * The one tenant whose traffic this plane carries: as configured, else as the config document says.
 * @returns undefined while neither is known
 */
export function planeTenant(context: ServiceContext, state: PlaneState): string | undefined {
  return (context.config.tenantId ?? state.get('config')?.value.tenant_id)?.toLowerCase();
}
