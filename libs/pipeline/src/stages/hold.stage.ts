import type { ClaimAnswer } from '@behavry/contracts';
import type { Exchange } from '../exchange/exchange';
import type { Guard } from '../exchange/guard';
import { refuse, type Refusal } from '../exchange/refusal';
import type { Stage } from './stage';

/** Must a person decide? The approval is claimed before forwarding, so that it is used once or not at all. */
export const holdStage: Stage = {
  name: 'hold',
  async run(exchange, guard) {
    if (exchange.judgement?.verdict !== 'escalate') return undefined;
    const answer = await claim(exchange, guard);
    const { policy } = exchange.judgement;
    if (!answer) {
      return refuse('escalation_unavailable', 'a person must decide, and none can be asked at present', {
        policy,
      });
    }
    exchange.escalationId = answer.escalation_id;
    if (answer.state === 'approved') {
      exchange.judgement = {
        ...exchange.judgement,
        verdict: 'allow',
        reasonCode: 'escalation_approved',
        reason: 'approved by a person',
      };
      return undefined;
    }
    return refusalOf(answer, policy);
  },
};

async function claim(exchange: Exchange, guard: Guard): Promise<ClaimAnswer | undefined> {
  const { identity, call, judgement, inputHash } = exchange;
  if (!identity || !call || !judgement || inputHash === null) return undefined;
  return guard.claims.claim(
    {
      decision_id: exchange.id,
      tenant_id: identity.tenantId,
      agent_id: identity.agentId,
      session_id: identity.sessionId,
      kind: exchange.kind,
      server: exchange.serverId,
      tool: call.toolName,
      action: call.action,
      target: call.resource,
      arguments_digest: inputHash,
      arguments: call.arguments,
      policy: judgement.policy ?? '',
      reason: judgement.reason,
      risk_tier: exchange.risk.tier,
      hold_ms: guard.holdMs,
    },
    exchange.signal,
  );
}

function refusalOf(answer: Exclude<ClaimAnswer, { state: 'approved' }>, policy: string | null): Refusal {
  const extra = { policy, escalationId: answer.escalation_id };
  switch (answer.state) {
    case 'pending':
      return refuse('escalation_pending', 'a person must approve this call; try it again after approval', {
        ...extra,
        verdict: 'escalate',
      });
    case 'denied':
      return refuse('escalation_denied', 'a person denied this call', extra);
    case 'expired':
      return refuse('escalation_expired', 'nobody decided in time', extra);
  }
}
