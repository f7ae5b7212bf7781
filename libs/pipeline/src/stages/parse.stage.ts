import type { Stage } from './stage';

/** What is asked for? The proxy reads its dialect. */
export const parseStage: Stage = {
  name: 'parse',
  run(exchange, _guard, read) {
    const call = read();
    if ('reasonCode' in call) return call;
    exchange.call = call;
    exchange.outbound = { arguments: call.arguments, beside: call.beside, isChanged: false };
    return undefined;
  },
};
