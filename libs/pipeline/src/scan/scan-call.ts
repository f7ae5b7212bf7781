import type { Finding } from '@behavry/contracts';
import { pointersOfTexts } from '@behavry/domain';
import type { Call } from '../exchange/call';
import type { Scan } from './scan';
import { joined, type Scanned } from './scanned';
import type { ScanOptions } from './scanner';

/** A call as far as it is scanned. */
export interface ScannedCall {
  readonly arguments: Scanned;
  readonly beside: Scanned | null;
  /** Whether anything was found in a text that is written in another form, which cannot be taken out there. */
  readonly isFoundEncoded: boolean;
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
  const encoded = scanEncoded(call, scan, options);
  const scanned = {
    arguments: encoded.reduce(joined, whole),
    beside: beside === null ? null : scan.outbound(beside),
    isFoundEncoded: encoded.length > 0,
  };
  if (whole.verdict !== 'block' || encoded.some(({ verdict }) => verdict === 'block')) return scanned;
  const left = call.withStandIns?.((part) => scan.outbound(part, options).blockedBy?.pattern);
  if (!left) return scanned;
  const rest = scan.outbound(left.arguments, options);
  const { verdict, blockedBy } = rest;
  const judged = {
    ...scanned,
    arguments: { ...scanned.arguments, verdict, blockedBy, redacted: () => rest.redacted() },
  };
  return verdict === 'block' ? judged : { ...judged, left };
}

/** @returns what is found in texts that are written in another form, where that stands; of those in which it is */
function scanEncoded(
  { arguments: args, encoded = [] }: Call,
  scan: Scan,
  options: ScanOptions,
): readonly Scanned[] {
  const found = encoded
    .map(({ written, text }) => ({ written, scanned: scan.outbound(text, options) }))
    .filter(({ scanned: { dlp, injection } }) => dlp.length > 0 || injection.length > 0);
  if (found.length === 0) return [];
  const places = pointersOfTexts(args, new Set(found.map(({ written }) => written)));
  return found.map(({ written, scanned }) => {
    const placed = (finding: Finding): Finding => ({ ...finding, field: places.get(written) ?? '' });
    const dlp = scanned.dlp.map(placed);
    const decided = scanned.dlp.findIndex((finding) => finding === scanned.blockedBy);
    return { ...scanned, dlp, injection: scanned.injection.map(placed), blockedBy: dlp[decided] ?? null };
  });
}
