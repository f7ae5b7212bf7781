import type { Call } from '../exchange/call';
import type { Exchange } from '../exchange/exchange';
import type { Refusal } from '../exchange/refusal';
import type { Stage } from './stage';

/** What is asked for? The proxy reads its dialect. */
export const parseStage: Stage = {
  name: 'parse',
  run(exchange, _guard, read) {
    const result = read();
    return result instanceof Promise ? result.then((late) => keep(exchange, late)) : keep(exchange, result);
  },
};

function keep<F>(exchange: Exchange, call: Call | Refusal<F>): Refusal<F> | undefined {
  if ('reasonCode' in call) return call;
  exchange.call = call;
  exchange.outbound = { arguments: call.arguments, beside: call.beside, isChanged: false };
  return undefined;
}
