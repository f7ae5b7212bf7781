import type { Stage } from './stage';

/** On whose behalf? Requesters, workflows and delegations pass through as unknown until they are governed. */
export const relationshipsStage: Stage = {
  name: 'relationships',
  run: () => undefined,
};
