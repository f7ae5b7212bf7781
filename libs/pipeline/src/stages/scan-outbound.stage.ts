import type { Severity } from '@behavry/contracts';
import type { Exchange } from '../exchange/exchange';
import { refuse, type Refusal } from '../exchange/refusal';
import { scannedOfFacts, type Examined } from '../large/examine';
import { scanCall, type ScannedCall } from '../scan/scan-call';
import type { Scanned } from '../scan/scanned';
import type { Stage } from './stage';

/** Protocol traffic has no business with anything that a scanner knows; only the mildest findings may be chance. */
const PASSING: readonly Severity[] = ['low'];

/**
 * Does it carry a secret out? Whatever goes upstream is looked at, not only what policy judges. Critical and high
 * findings end the exchange, the others are for policy and record. Of what a call tells again stand-ins may go up: it
 * is then decided, shown and recorded as it goes on, and its findings are those of what came.
 */
export const scanOutboundStage: Stage = {
  name: 'scan-outbound',
  run(exchange) {
    const { call, config, examined } = exchange;
    if (!call || !config) return undefined;
    const { left, ...scanned } = examined ? known(examined) : scanCall(call, config.scan);
    exchange.scanned = scanned;
    if (left) {
      exchange.call = { ...call, arguments: left.arguments, parameters: left.parameters };
      exchange.outbound = { ...exchange.outbound, arguments: left.arguments, isChanged: true };
    }
    const standIns = left?.standIns ?? examined?.standIns ?? 0;
    if (standIns > 0) {
      exchange.dlpAction = 'redacted';
      exchange.extra['stand_ins'] = standIns;
    }
    return (
      judge(exchange, scanned.arguments) ?? (scanned.beside ? judge(exchange, scanned.beside) : undefined)
    );
  },
};

function known({ scanned }: Examined): ScannedCall {
  return {
    arguments: scannedOfFacts(scanned.arguments),
    beside: scanned.beside && scannedOfFacts(scanned.beside),
    isFoundEncoded: scanned.isFoundEncoded,
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
  const { pattern, field } = blocking;
  const place = field === '' ? '' : ` at ${field}`;
  return refuse('dlp_blocked', `the call carries ${pattern}${place}`, { policy: `dlp.${pattern}` });
}
