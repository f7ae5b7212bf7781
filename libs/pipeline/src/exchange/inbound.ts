import type { Finding } from '@behavry/contracts';
import type { Scanned } from '../scan/scanned';
import type { Exchange } from './exchange';
import { refuse, type Refusal } from './refusal';

/** More findings of one exchange than this are counted and not listed. */
const MAX_LISTED = 100;

export type InboundResult =
  | { readonly passes: true; readonly value: unknown; readonly isChanged: boolean }
  | { readonly passes: false; readonly refusal: Refusal };

/**
 * Judges one whole JSON value on its way to the agent, and counts it against a result limit. Every message that comes
 * back passes here: whole answers in `runExchange`, each message of a stream in the proxies.
 * @param bytes size of the value on the wire
 * @param known what a scan of it found, when it was read in a thread
 */
export function judgeInbound(
  exchange: Exchange,
  value: unknown,
  bytes: number,
  known?: Scanned,
): InboundResult {
  const tooLarge = countInbound(exchange, bytes);
  if (tooLarge) return { passes: false, refusal: tooLarge };
  const scan = exchange.config?.scan;
  if (!scan) return { passes: true, value, isChanged: false };
  const scanned = known ?? scan.inbound(value, { redacts: exchange.hasObligation('redact_inbound') });
  const refusal = noteInbound(exchange, scanned);
  if (refusal) return { passes: false, refusal };
  return scanned.verdict === 'redact'
    ? { passes: true, value: scanned.redacted(), isChanged: true }
    : { passes: true, value, isChanged: false };
}

/** Counts what comes back. @returns a refusal once it is more than policy allows */
export function countInbound(exchange: Exchange, bytes: number): Refusal | undefined {
  exchange.inboundBytes += bytes;
  const largest = exchange.obligations.find(({ name }) => name === 'max_result_bytes')?.value;
  return largest !== undefined && exchange.inboundBytes > largest
    ? refuse('result_too_large', 'the result is larger than allowed')
    : undefined;
}

/**
 * Puts what a scan of something inbound found into the exchange.
 * @returns a refusal when it must not reach the agent
 */
export function noteInbound(exchange: Exchange, scanned: Scanned): Refusal | undefined {
  const { verdict, blockedBy } = scanned;
  if (verdict === 'pass' && scanned.dlp.length === 0 && scanned.injection.length === 0) return undefined;
  keep(exchange.inboundDlp, scanned.dlp);
  keep(exchange.inboundInjection, scanned.injection);
  if (verdict === 'redact') exchange.inboundAction = 'redacted';
  else if (verdict !== 'pass') exchange.inboundAction = 'blocked';
  else if (exchange.inboundAction === 'none') exchange.inboundAction = 'logged';
  if (verdict === 'pass' || verdict === 'redact') return undefined;
  const pattern = blockedBy?.pattern ?? 'a finding';
  return verdict === 'stand_in'
    ? refuse(
        'injection_inbound_blocked',
        `the result was withheld: it tries to instruct the agent (${pattern})`,
        {
          policy: pattern,
        },
      )
    : refuse('dlp_inbound_blocked', `the result carries ${pattern}`, { policy: `dlp.${pattern}` });
}

function keep(list: Finding[], found: readonly Finding[]): void {
  for (const finding of found) {
    if (list.length >= MAX_LISTED) return;
    list.push(finding);
  }
}
