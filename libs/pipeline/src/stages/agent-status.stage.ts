import { stopReasonOf } from '../exchange/open-exchanges';
import { refusalFor, refuse } from '../exchange/refusal';
import type { Stage } from './stage';

/** Is the agent, its session and what it wants to reach still allowed to run? Revocation beats expiry. */
export const agentStatusStage: Stage = {
  name: 'agent-status',
  async run(exchange, guard) {
    const { identity } = exchange;
    if (guard.plane.isStale) return refuse('state_stale', 'revocations cannot be checked at present');
    let reason = stopReasonOf(exchange, guard.plane);
    if (identity && reason === 'agent_unknown') {
      // Perhaps it was enrolled a moment ago: one look for a newer configuration.
      await guard.plane.refreshConfig(identity.agentId);
      exchange.config = guard.plane.config ?? exchange.config;
      reason = stopReasonOf(exchange, guard.plane);
    }
    if (identity) {
      exchange.risk = guard.plane.riskOf(identity.agentId);
      exchange.agent = exchange.config?.agent(identity.agentId) ?? null;
    }
    return reason && refusalFor(reason);
  },
};

/** The same question again, once the tool or model is known. */
export const toolStatusStage: Stage = {
  name: 'tool-status',
  run(exchange, guard) {
    const reason = stopReasonOf(exchange, guard.plane);
    return reason && refusalFor(reason);
  },
};
