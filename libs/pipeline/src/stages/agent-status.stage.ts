import type { Exchange, StopReason } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import { stopReasonOf } from '../exchange/open-exchanges';
import { refuse, type Refusal } from '../exchange/refusal';
import type { Stage } from './stage';

/** Is the agent, its session and what it wants to reach still allowed to run? Revocation beats expiry. */
export const agentStatusStage: Stage = {
  name: 'agent-status',
  async run(exchange, guard) {
    if (guard.plane.isStale) return refuse('state_stale', 'revocations cannot be checked at present');
    let reason = stopReasonOf(exchange, guard.plane);
    if (reason === 'agent_unknown') {
      // Perhaps it was enrolled a moment ago: one look for a newer configuration.
      await guard.plane.refreshConfig();
      exchange.config = guard.plane.config ?? exchange.config;
      reason = stopReasonOf(exchange, guard.plane);
    }
    if (exchange.identity) exchange.risk = guard.plane.riskOf(exchange.identity.agentId);
    return reason && refusalFor(reason);
  },
};

/** The same question again, once the tool is known. */
export function toolStatus(exchange: Exchange, guard: Guard): Refusal | undefined {
  const reason = stopReasonOf(exchange, guard.plane);
  return reason && refusalFor(reason);
}

/** @returns what an agent is told when its exchange is stopped */
export function refusalFor(reason: StopReason): Refusal {
  switch (reason) {
    case 'agent_unknown':
      return refuse(reason, 'the agent is not known', { isUnauthenticated: true });
    case 'session_revoked':
      return refuse(reason, 'the session has been ended', { isUnauthenticated: true });
    case 'agent_suspended':
      return refuse(reason, 'the agent is suspended');
    case 'kill_switch':
      return refuse(reason, 'stopped by a kill switch');
    case 'client_aborted':
      return refuse(reason, 'the client went away');
  }
}
