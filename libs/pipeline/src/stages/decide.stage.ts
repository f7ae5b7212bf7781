import type { DecisionInput, Obligation, PolicyDecision, ReasonCode, Verdict } from '@behavry/contracts';
import { digestOf, redactJson, strongerVerdict } from '@behavry/domain';
import type { Call } from '../exchange/call';
import type { Exchange, Judgement } from '../exchange/exchange';
import { refuse, type Refusal } from '../exchange/refusal';
import type { EngineFault } from '../ports/decision-engine';
import type { Stage } from './stage';

const REASON_OF: Readonly<Record<Verdict, ReasonCode>> = {
  allow: 'policy_allow',
  restrict: 'policy_restrict',
  escalate: 'policy_escalate',
  deny: 'policy_deny',
};

const FAULT_TEXT: Readonly<Record<EngineFault, string>> = {
  opa_unreachable: 'the policy engine cannot be reached',
  opa_timeout: 'the policy engine did not answer in time',
  opa_undefined: 'the policy engine has no decision for this call',
  opa_malformed: 'the policy engine gave an answer that cannot be understood',
  opa_error: 'the policy engine failed',
};

/** What does policy say? No engine, no answer or a strange answer mean no. */
export const decideStage: Stage = {
  name: 'decide',
  async run(exchange, guard) {
    const { call } = exchange;
    if (!call) return undefined;
    if (call.handling !== 'decide') {
      exchange.judgement = {
        verdict: 'allow',
        reasonCode: 'protocol_pass',
        reason: 'protocol traffic passes',
        policy: null,
      };
      return undefined;
    }
    exchange.engine = guard.engine.name;
    exchange.inputHash = digestOf(call.arguments);
    const answer = await guard.engine.decide(decisionInput(exchange, call), exchange.signal);
    if (!answer.ok) return refuse(answer.fault, FAULT_TEXT[answer.fault]);
    exchange.bundleRevision = answer.decision.revision;
    const judgement = judgementOf(answer.decision);
    exchange.judgement = exchange.blast ? strongerVerdict(judgement, exchange.blast) : judgement;
    if (exchange.judgement.verdict === 'deny') return denied(exchange.judgement);
    return applyObligations(exchange, call, answer.decision.obligations);
  },
};

/** The input document of a decision (semantics: decisions and policy). */
export function decisionInput(exchange: Exchange, call: Call): DecisionInput {
  const { identity, risk } = exchange;
  return {
    agent: {
      id: identity?.agentId ?? '',
      roles: identity?.roles ?? [],
      permissions: identity?.permissions ?? [],
      risk_tier: risk.tier,
      risk_score: risk.score,
    },
    request: {
      kind: exchange.kind,
      tool_name: call.toolName,
      action: call.action,
      action_class: call.actionClass,
      resource: call.resource,
      parameters: call.arguments ?? {},
      mcp_server: exchange.serverId,
      model: exchange.model,
      resource_count: call.resourceCount,
    },
    session: { id: identity?.sessionId ?? '' },
    requester: exchange.requester,
    workflow_session: exchange.workflowSession,
    delegation: exchange.delegation,
    dlp: { findings: exchange.dlpFindings },
    injection: { findings: exchange.injectionFindings },
    context: {},
  };
}

function judgementOf(decision: PolicyDecision): Judgement {
  const isDefault = decision.result === 'deny' && decision.policy === '';
  return {
    verdict: decision.result,
    reasonCode: isDefault ? 'no_matching_rule' : REASON_OF[decision.result],
    reason: decision.reason,
    policy: decision.policy === '' ? null : decision.policy,
  };
}

function denied({ reasonCode, reason, policy }: Judgement): Refusal {
  return refuse(reasonCode, reason, { policy });
}

function applyObligations(
  exchange: Exchange,
  call: Call,
  obligations: readonly Obligation[],
): Refusal | undefined {
  exchange.obligations = obligations;
  for (const { name } of obligations) {
    if (name === 'read_only' && call.actionClass !== 'read') {
      return refuse('read_only', 'only reading is allowed at present', {
        policy: exchange.judgement?.policy ?? null,
      });
    }
    if (name === 'redact_outbound' && exchange.dlpFindings.length > 0) {
      exchange.outboundArguments = redactJson(call.arguments, exchange.dlpFindings);
      exchange.isOutboundChanged = true;
      exchange.dlpAction = 'redacted';
    }
    if (name === 'extra_logging') exchange.extra['extra_logging'] = true;
  }
  return undefined;
}
