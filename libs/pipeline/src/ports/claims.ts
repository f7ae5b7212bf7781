import type { ClaimAnswer, ClaimRequest } from '@behavry/contracts';

/** Asks whether a person has approved exactly this call. Never throws: undefined means nobody could be asked. */
export interface Claims {
  /** @param signal ends the wait when the exchange is over */
  claim(request: ClaimRequest, signal: AbortSignal): Promise<ClaimAnswer | undefined>;
}
