import type { ClaimAnswer } from '@behavry/contracts';
import type { Call } from '../exchange/call';
import type { Exchange } from '../exchange/exchange';
import { targetOf } from '../exchange/entries';
import type { Guard } from '../exchange/guard';
import { within } from '../exchange/trace';
import { pendingRefusal, refuse, type Refusal } from '../exchange/refusal';
import type { Stage } from './stage';

/** Must a person decide? The approval is claimed before forwarding, so that it is used once or not at all. */
export const holdStage: Stage = {
  name: 'hold',
  async run(exchange, guard) {
    if (exchange.judgement?.verdict !== 'escalate') return undefined;
    const { policy } = exchange.judgement;
    const { examined } = exchange;
    if (examined?.shown === null) {
      return refuse('input_too_large', 'a person must decide, and the call is too large to be shown to one', {
        policy,
      });
    }
    const answer = await within(exchange.span?.start('hold', 'client'), held(exchange, guard));
    if (!answer) {
      return refuse('escalation_unavailable', 'a person must decide, and none can be asked at present', {
        policy,
      });
    }
    if (answer.state === 'limit') {
      return refuse('escalation_limit', 'a person must decide, and too many calls wait for one already', {
        policy,
      });
    }
    exchange.escalationId = answer.escalation_id;
    if (answer.state !== 'approved') return refusalOf(answer, policy);
    exchange.judgement = {
      ...exchange.judgement,
      verdict: 'allow',
      reasonCode: 'escalation_approved',
      reason: 'approved by a person',
      isReasonConstant: true,
    };
    return undefined;
  },
};

/** A person's time is not the plane's. */
async function held(exchange: Exchange, guard: Guard): Promise<ClaimAnswer | undefined> {
  const since = performance.now();
  guard.metrics.held(1);
  try {
    return await claim(exchange, guard);
  } finally {
    guard.metrics.held(-1);
    exchange.waitedMs += performance.now() - since;
  }
}

async function claim(exchange: Exchange, guard: Guard): Promise<ClaimAnswer | undefined> {
  const { identity, call, judgement, inputHash, config, examined } = exchange;
  if (!identity || !call || !judgement || inputHash === null) return undefined;
  const content =
    typeof examined?.shown === 'string'
      ? (JSON.parse(examined.shown) as Pick<Call, 'arguments' | 'beside'>)
      : call;
  return guard.claims.claim(
    {
      decision_id: exchange.id,
      tenant_id: identity.tenantId,
      agent_id: identity.agentId,
      session_id: identity.sessionId,
      kind: exchange.kind,
      server: exchange.serverId,
      server_digest: config?.serverDigest(exchange.serverId) ?? '',
      tool: call.toolName,
      action: call.action,
      target: targetOf(call, exchange, guard.digest),
      arguments_digest: inputHash,
      arguments: content.arguments,
      beside: content.beside,
      policy: judgement.policy ?? '',
      policy_id: judgement.policyId,
      policy_version: judgement.policyVersion,
      reason: judgement.isReasonConstant ? judgement.reason : 'a policy asks for a person',
      risk_tier: exchange.risk.tier,
      hold_ms: guard.holdMs,
    },
    exchange.signal,
  );
}

function refusalOf(
  answer: Extract<ClaimAnswer, { state: 'pending' | 'denied' | 'expired' }>,
  policy: string | null,
): Refusal {
  const extra = { policy, escalationId: answer.escalation_id };
  switch (answer.state) {
    case 'pending':
      return pendingRefusal(answer.escalation_id, policy);
    case 'denied':
      return refuse('escalation_denied', 'a person denied this call', extra);
    case 'expired':
      return refuse('escalation_expired', 'nobody decided in time', extra);
  }
}
