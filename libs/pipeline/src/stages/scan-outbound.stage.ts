import type { Severity } from '@behavry/contracts';
import type { Call } from '../exchange/call';
import type { Exchange } from '../exchange/exchange';
import { refuse, type Refusal } from '../exchange/refusal';
import { scannedOfFacts, type Examined } from '../large/examine';
import type { Scan } from '../scan/scan';
import type { Scanned } from '../scan/scanned';
import type { Stage } from './stage';

/** Protocol traffic has no business with anything that a scanner knows; only the mildest findings may be chance. */
const PASSING: readonly Severity[] = ['low'];

/**
 * Does it carry a secret out? Whatever goes upstream is looked at, not only what policy judges. Critical and high
 * findings end the exchange, the others are for policy and record.
 */
export const scanOutboundStage: Stage = {
  name: 'scan-outbound',
  run(exchange) {
    const { call, config, examined } = exchange;
    if (!call || !config) return undefined;
    const scanned = examined ? known(examined) : scannedCall(call, config.scan);
    exchange.scanned = scanned;
    return (
      judge(exchange, scanned.arguments) ?? (scanned.beside ? judge(exchange, scanned.beside) : undefined)
    );
  },
};

type ScannedCall = NonNullable<Exchange['scanned']>;

function scannedCall(call: Call, scan: Scan): ScannedCall {
  return {
    arguments: scan.outbound(call.arguments),
    beside: call.beside === null ? null : scan.outbound(call.beside),
  };
}

function known({ scanned }: Examined): ScannedCall {
  return {
    arguments: scannedOfFacts(scanned.arguments),
    beside: scanned.beside && scannedOfFacts(scanned.beside),
  };
}

function judge(exchange: Exchange, scanned: Scanned): Refusal | undefined {
  if (scanned.dlp.length === 0 && scanned.injection.length === 0) return undefined;
  const strict =
    exchange.call?.handling === 'decide'
      ? undefined
      : scanned.dlp.find(({ severity }) => !PASSING.includes(severity));
  const isBlocked = scanned.verdict === 'block' || scanned.verdict === 'hold';
  const blocking = strict ?? (isBlocked ? scanned.blockedBy : null);
  if (blocking === null) {
    if (exchange.dlpAction === 'none') exchange.dlpAction = 'logged';
    return undefined;
  }
  exchange.dlpAction = 'blocked';
  return refuse('dlp_blocked', `the call carries ${blocking.pattern}`, { policy: `dlp.${blocking.pattern}` });
}
