import type { Severity } from '@behavry/contracts';
import type { ActivityWindow } from './activity';

export interface DenialAlert {
  readonly severity: Severity;
  readonly summary: string;
}

const ALERT_CALLS = 10;
const ALERT_RATE = 0.5;
const SEVERE_RATE = 0.9;

/**
 * Whether so many of an agent's calls are refused that a person should look at it.
 * @param window the last minutes, without what was settled by resolving an earlier alert
 */
export function denialAlertFor(window: ActivityWindow): DenialAlert | undefined {
  const { calls, denials, minutes } = window;
  const rate = calls === 0 ? 0 : denials / calls;
  if (calls < ALERT_CALLS || rate < ALERT_RATE) return undefined;
  return {
    severity: rate >= SEVERE_RATE ? 'high' : 'medium',
    summary: `${String(denials)} of ${String(calls)} calls denied in ${String(minutes)} minutes`,
  };
}
