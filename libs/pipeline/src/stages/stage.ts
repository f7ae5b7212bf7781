import type { ExchangeAdapter } from '../exchange/adapter';
import type { Exchange } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import type { Refusal } from '../exchange/refusal';

/** The stages before forwarding, each by the name that architecture gives it. */
export type StageName =
  | 'identify'
  | 'agent-status'
  | 'rate-limit'
  | 'parse'
  | 'relationships'
  | 'blast-radius'
  | 'scan-outbound'
  | 'decide'
  | 'hold';

/** One step. It returns a refusal to end the exchange, or nothing to let it go on. */
export interface Stage {
  readonly name: StageName;
  run(
    exchange: Exchange,
    guard: Guard,
    adapter: ExchangeAdapter<unknown>,
  ): Refusal | undefined | Promise<Refusal | undefined>;
}
