import type { DecisionInput, PolicyDecision, ReasonCode, Verdict } from '@behavry/contracts';
import { strongerVerdict } from '@behavry/domain';
import { boundContent, type Call } from '../exchange/call';
import { decisionInput } from '../exchange/decision-input';
import type { Exchange, Judgement } from '../exchange/exchange';
import { refuse, type Refusal } from '../exchange/refusal';
import { parametersOf } from '../large/examine';
import type { EngineFault } from '../ports/ports';
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
  policy_outdated: 'the policy engine went back to policies older than those seen before',
};

const PASSES: Judgement = {
  verdict: 'allow',
  reasonCode: 'protocol_pass',
  reason: 'protocol traffic passes',
  isReasonConstant: true,
  policy: null,
  policyId: '',
  policyVersion: 0,
};

/** What does policy say? No engine, no answer or a strange answer mean no. */
export const decideStage: Stage = {
  name: 'decide',
  async run(exchange, guard) {
    const { call } = exchange;
    if (!call) return undefined;
    if (call.handling !== 'decide') {
      exchange.judgement = PASSES;
      return undefined;
    }
    exchange.engine = guard.engine.name;
    const { examined } = exchange;
    exchange.inputHash = examined ? examined.digest : guard.digest.ofJson(boundContent(call));
    const input = decisionInput(exchange, call, examined ? parametersOf(examined) : undefined);
    const askedAt = performance.now();
    const span = exchange.span?.start('decide', 'client');
    const answer = await guard.engine.decide(input, undefined, span?.traceparent);
    span?.end(answer.ok ? undefined : answer.fault);
    guard.metrics.asked({
      milliseconds: performance.now() - askedAt,
      fault: answer.ok ? null : answer.fault,
      revision: answer.ok ? answer.decision.revision : null,
    });
    if (!answer.ok) return refuse(answer.fault, FAULT_TEXT[answer.fault]);
    const { decision } = answer;
    exchange.bundleRevision = decision.revision;
    exchange.contributions = decision.contributions;
    const judgement = judgementOf(decision);
    exchange.judgement = exchange.blast ? strongerVerdict(judgement, exchange.blast) : judgement;
    if (exchange.judgement.verdict === 'deny') return denied(exchange.judgement);
    return tooLarge(input, decision) ?? oblige(exchange, call, decision);
  },
};

function judgementOf(decision: PolicyDecision): Judgement {
  const {
    result,
    policy,
    reason,
    is_reason_constant: isReasonConstant,
    policy_id: policyId,
    version,
  } = decision;
  const isDefault = result === 'deny' && policy === '';
  return {
    verdict: result,
    reasonCode: isDefault ? 'no_matching_rule' : REASON_OF[result],
    reason,
    isReasonConstant,
    policy: policy === '' ? null : policy,
    policyId,
    policyVersion: version,
  };
}

function denied({ reasonCode, reason, isReasonConstant, policy }: Judgement): Refusal {
  return refuse(reasonCode, reason, { policy, isReasonConstant });
}

function tooLarge({ request }: DecisionInput, decision: PolicyDecision): Refusal | undefined {
  if (request.truncated.length === 0 || decision.judges_truncated) return undefined;
  return refuse(
    'input_too_large',
    'the call is too large to be judged, and not every policy that concerns it takes it as it is',
    {
      policy: decision.policy,
    },
  );
}

/** An obligation is kept or the call is denied: never is one only written down. */
function oblige(exchange: Exchange, call: Call, decision: PolicyDecision): Refusal | undefined {
  exchange.obligations = decision.obligations;
  const { policy } = decision;
  for (const { name } of decision.obligations) {
    switch (name) {
      case 'read_only':
        if (call.actionClass !== 'read') {
          return refuse('read_only', 'only reading is allowed at present', { policy });
        }
        break;
      case 'redact_outbound':
        if (!redactOutbound(exchange)) return unkept(name, policy);
        break;
      case 'redact_inbound':
      case 'max_result_bytes':
        // What a call inside an exchange brings back does not pass here.
        if (exchange.parent) return unkept(name, policy);
        break;
      case 'extra_logging':
        exchange.extra['extra_logging'] = true;
    }
  }
  return undefined;
}

function unkept(name: string, policy: string): Refusal {
  return refuse('obligation_unkept', `policy asks for ${name}, which cannot be done to this call`, {
    policy,
  });
}

/** @returns false when something would have to be taken out of a call that goes on as it is */
function redactOutbound(exchange: Exchange): boolean {
  const { scanned, call } = exchange;
  if (!scanned || !call) return true;
  const isFound = scanned.arguments.dlp.length > 0 || (scanned.beside?.dlp.length ?? 0) > 0;
  if (!isFound) return true;
  if (exchange.parent || scanned.isFoundEncoded) return false;
  exchange.outbound = {
    arguments: scanned.arguments.redacted(),
    beside: scanned.beside?.redacted() ?? call.beside,
    isChanged: true,
  };
  exchange.dlpAction = 'redacted';
  return true;
}
