import type { PlaneKeys } from '@behavry/platform';

/** Label under which arguments are sealed with the plane key. */
export const ARGUMENTS_LABEL = 'escalation-arguments';

/** @returns the arguments as the agent sent them; undefined when they were forgotten */
export function openArguments(keys: PlaneKeys, sealed: string | null): unknown {
  return sealed === null
    ? undefined
    : (JSON.parse(keys.open(ARGUMENTS_LABEL, sealed).toString('utf8')) as unknown);
}
