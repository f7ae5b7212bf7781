import type { ClaimRequest } from '@behavry/contracts';
import type { PlaneKeys } from '@behavry/platform';

/** Everything of a held call that goes upstream. */
export type HeldPayload = Pick<ClaimRequest, 'arguments' | 'beside'>;

const LABEL = 'escalation-arguments';

/** @returns the JSON of what goes upstream */
export function payloadText({ arguments: args = null, beside = null }: HeldPayload): string {
  return JSON.stringify({ arguments: args, beside });
}

/** Seals a text of {@link payloadText} with the plane key. */
export function sealPayload(keys: PlaneKeys, text: string): string {
  return keys.seal(LABEL, text);
}

/** @returns what the agent sent; undefined when it was forgotten */
export function openPayload(keys: PlaneKeys, sealed: string | null): HeldPayload | undefined {
  return sealed === null ? undefined : (JSON.parse(keys.open(LABEL, sealed).toString('utf8')) as HeldPayload);
}
