import type { Call } from './call';
import type { Exchange } from './exchange';
import type { Forwarded } from './forwarded';
import type { Refusal } from './refusal';

/** What a proxy brings to an exchange: its dialect and its upstream. */
export interface ExchangeAdapter<T> {
  /** Reads the request, once the caller is known and within limits. */
  parse(exchange: Exchange): Call | Refusal;
  /**
   * Sends `exchange.outboundArguments` upstream (unchanged bytes when `isOutboundChanged` is false) under
   * `exchange.signal`. Never throws for what an upstream does.
   */
  forward(exchange: Exchange): Promise<Forwarded<T>>;
  /** @returns the status or code by which this dialect tells a refusal, for the record */
  codeOf(refusal: Refusal): number;
}
