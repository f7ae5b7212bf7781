import type { TokenState } from '@behavry/db-data';
import type { HealthState, PlaneState } from '@behavry/platform';

/** Whether this plane has a config document to work with, and if not, why. */
export function configHealth(state: PlaneState, token: TokenState): HealthState {
  if (state.get('config')) return { ready: true };
  const detail =
    token === 'refused'
      ? 'no config document yet: the control plane refuses the token'
      : 'no config document yet: none was received';
  return { ready: false, detail };
}
