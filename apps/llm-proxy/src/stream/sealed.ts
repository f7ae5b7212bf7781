import { refuse, type Scan } from '@behavry/pipeline';
import type { Endpoint } from '../dialects/dialect';

/** A signed part with something taken out is refused by its provider later, or believed for what it never said. */
export const SEALED = refuse(
  'obligation_unkept',
  'something would have to be taken out of a part that the provider has signed',
);

/** Whether policy's wish to take findings out of a request's body, or of an answer, would change a signed part. */
export function breaksSeal(
  scan: Scan,
  direction: 'inbound' | 'outbound',
  endpoint: Endpoint,
  value: unknown,
): boolean {
  const parts = endpoint.sealedIn?.(value) ?? [];
  return parts.length > 0 && scan[direction](parts, { redacts: true }).verdict !== 'pass';
}
