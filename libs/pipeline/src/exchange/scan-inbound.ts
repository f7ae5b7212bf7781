import type { Finding } from '@behavry/contracts';
import { blockingFinding, redactJson, scanJson } from '@behavry/domain';
import type { Exchange } from './exchange';
import { refuse, type Refusal } from './refusal';

/** More findings of one exchange than this are counted and not listed. */
const MAX_LISTED = 100;

export type InboundResult =
  | { readonly passes: true; readonly value: unknown; readonly isChanged: boolean }
  | { readonly passes: false; readonly refusal: Refusal };

/**
 * Scans one whole JSON value on its way to the agent, and counts it against a result limit. Used by
 * `runExchange` for whole answers and by the proxies for each message of a stream.
 * @param bytes size of the value on the wire
 */
export function scanInbound(exchange: Exchange, value: unknown, bytes: number): InboundResult {
  exchange.inboundBytes += bytes;
  const largest = exchange.obligations.find(({ name }) => name === 'max_result_bytes')?.value;
  if (largest !== undefined && exchange.inboundBytes > largest) {
    return { passes: false, refusal: refuse('result_too_large', 'the result is larger than allowed') };
  }
  const patterns = exchange.config?.patterns;
  const findings = patterns ? scanJson(value, patterns) : [];
  if (findings.length === 0) return { passes: true, value, isChanged: false };
  note(exchange, findings);
  if (exchange.obligations.some(({ name }) => name === 'redact_inbound')) {
    exchange.inboundAction = 'redacted';
    return { passes: true, value: redactJson(value, findings), isChanged: true };
  }
  const blocking = exchange.call?.handling === 'decide' ? blockingFinding(findings) : undefined;
  if (!blocking) {
    if (exchange.inboundAction === 'none') exchange.inboundAction = 'logged';
    return { passes: true, value, isChanged: false };
  }
  exchange.inboundAction = 'blocked';
  const policy = `dlp.${blocking.pattern}`;
  return {
    passes: false,
    refusal: refuse('dlp_inbound_blocked', `the result carries ${blocking.pattern}`, { policy }),
  };
}

function note(exchange: Exchange, findings: readonly Finding[]): void {
  exchange.inboundFindings.push(
    ...findings.slice(0, Math.max(0, MAX_LISTED - exchange.inboundFindings.length)),
  );
}
