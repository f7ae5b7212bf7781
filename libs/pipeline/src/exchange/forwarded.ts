import type { ReasonCode } from '@behavry/contracts';

export type UpstreamFault = Extract<ReasonCode, 'upstream_error' | 'upstream_timeout' | 'client_aborted'>;

/**
 * What a proxy's `forward` brings back. `payload` is the proxy's own and comes back untouched.
 *
 * `message`: a whole JSON value, scanned by the pipeline · `stream`: the proxy scans each part with
 * `scanInbound` and calls `exchange.settle` at its end · `failed`: no answer.
 */
export type Forwarded<T> =
  | {
      readonly kind: 'message';
      readonly payload: T;
      readonly value: unknown;
      /** Size of the answer on the wire. */
      readonly bytes: number;
      readonly outcome: 'ok' | 'upstream_error';
      readonly responseCode: number;
    }
  | { readonly kind: 'stream'; readonly payload: T }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };
