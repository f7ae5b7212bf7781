import type { ReasonCode } from '@behavry/contracts';
import type { Examined } from '../large/examine';
import type { Scanned } from '../scan/scanned';
import type { Call } from './call';
import type { Exchange } from './exchange';
import type { Refusal } from './refusal';

/** A request that was understood: what it asks for, and the dialect's own reading of it. */
export interface Parsed<R> {
  readonly call: Call;
  readonly request: R;
  /** What is known of its content, when that was read in a thread and is not in `call`. */
  readonly examined?: Examined;
}

export type Reading<R, F> = Parsed<R> | Refusal<F>;

export type UpstreamFault = Extract<ReasonCode, 'upstream_error' | 'upstream_timeout' | 'client_aborted'>;

/**
 * What a proxy's `forward` brings back. `payload` is the proxy's own and comes back untouched, or is handed to
 * `discard`.
 *
 * `message`: a whole JSON value, scanned by the pipeline · `stream`: the proxy has each part scanned and calls
 * `exchange.settle` at its end · `refused`: something inside the exchange was, before or after its upstream was asked ·
 * `failed`: no answer.
 */
export type Forwarded<A, F> =
  | {
      readonly kind: 'message';
      readonly payload: A;
      readonly value: unknown;
      /** What a scan of it found, when it was read in a thread and is not in `value`. */
      readonly scanned?: Scanned;
      /** Size of the answer on the wire. */
      readonly bytes: number;
      /** `pending`: what is left of an answer a part of which waits for a person. */
      readonly outcome: 'ok' | 'pending' | 'upstream_error';
      readonly responseCode: number;
    }
  | { readonly kind: 'stream'; readonly payload: A }
  | {
      readonly kind: 'refused';
      readonly refusal: Refusal<F>;
      /** The decision that refused it, when it is not the exchange's own. */
      readonly decisionId?: string;
    }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

/**
 * What a proxy brings to an exchange: its dialect and its upstream.
 * @typeParam R a request as the dialect reads it
 * @typeParam A an answer on its way to the agent
 * @typeParam F the dialect's own way to tell a refusal
 */
export interface ExchangeAdapter<R, A, F> {
  /** Reads the request, once the caller is known and within limits. */
  parse(exchange: Exchange): Reading<R, F> | Promise<Reading<R, F>>;
  /**
   * Sends `exchange.outbound` upstream (the bytes as they came when it is unchanged) under `exchange.signal`. Never
   * throws for what an upstream does.
   */
  forward(exchange: Exchange, request: R): Promise<Forwarded<A, F>>;
  /** @returns the status or code by which this dialect tells a refusal, for the record */
  codeOf(refusal: Refusal<F>): number;
  /** Gives up an answer that nobody will read. */
  discard(payload: A): void;
}
