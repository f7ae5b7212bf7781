import type { Call } from '../exchange/call';
import type { Scan } from './scan';
import type { Scanned } from './scanned';

/** A call as far as it is scanned. */
export interface ScannedCall {
  readonly arguments: Scanned;
  readonly beside: Scanned | null;
  /** What goes on instead of the call's own content; left out when that may go on, or nothing of it may. */
  readonly left?: CallLeft;
}

/** A call's content with stand-ins for something in it. */
export interface CallLeft {
  readonly arguments: unknown;
  readonly parameters: unknown;
  /** How many there are. */
  readonly standIns: number;
}

/**
 * Scans all that goes upstream of a call. Where its arguments are blocked and stand-ins can take the place of that, they
 * are judged by what is left of them, and yet all that was found is said.
 * @param agentId as of a scan's options
 */
export function scanCall(call: Call, scan: Scan, agentId?: string): ScannedCall {
  const { arguments: args, beside } = call;
  const options = { agentId };
  const whole = scan.outbound(args, options);
  const scanned = { arguments: whole, beside: beside === null ? null : scan.outbound(beside) };
  if (whole.verdict !== 'block') return scanned;
  const left = call.withStandIns?.((part) => scan.outbound(part, options).blockedBy?.pattern);
  if (!left) return scanned;
  const rest = scan.outbound(left.arguments, options);
  const { verdict, blockedBy } = rest;
  const judged = {
    ...scanned,
    arguments: { ...whole, verdict, blockedBy, redacted: () => rest.redacted() },
  };
  return verdict === 'block' ? judged : { ...judged, left };
}
