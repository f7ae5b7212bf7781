import { toolStatus } from './agent-status.stage';
import { callLimit } from './rate-limit.stage';
import type { Stage } from './stage';

/** What is asked for? The proxy reads its dialect; then kill switch and call limit see the tool. */
export const parseStage: Stage = {
  name: 'parse',
  run(exchange, guard, adapter) {
    const parsed = adapter.parse(exchange);
    if ('reasonCode' in parsed) return parsed;
    exchange.call = parsed;
    exchange.outboundArguments = parsed.arguments;
    return toolStatus(exchange, guard) ?? callLimit(exchange, guard);
  },
};
