import type { Call } from '../exchange/call';
import type { Exchange } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import type { Refusal } from '../exchange/refusal';

/** The stages before forwarding, each by the name that architecture gives it. */
export type StageName =
  | 'identify'
  | 'agent-status'
  | 'rate-limit'
  | 'parse'
  | 'tool-status'
  | 'turn'
  | 'large-limit'
  | 'call-limit'
  | 'blast-radius'
  | 'scan-outbound'
  | 'decide'
  | 'hold';

/** A refusal to end the exchange, or nothing to let it go on. */
export type Step<F> = Refusal<F> | undefined;

/** What the proxy's reading of a request comes to, or will when it is read in a thread. */
export type Read<F> = Call | Refusal<F> | Promise<Call | Refusal<F>>;

/** One step. @typeParam F the dialect's own way to tell a refusal; only `parse` makes such */
export interface Stage {
  readonly name: StageName;
  run<F>(exchange: Exchange, guard: Guard, read: () => Read<F>): Step<F> | Promise<Step<F>>;
}
