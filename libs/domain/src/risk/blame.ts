import type { ReasonCode, Verdict } from '@behavry/contracts';

/** Refusals that say something about this plane, not about the agent. */
const NOT_THE_AGENTS: ReadonlySet<ReasonCode> = new Set<ReasonCode>([
  'opa_unreachable',
  'opa_timeout',
  'opa_undefined',
  'opa_malformed',
  'opa_error',
  'kill_switch',
  'escalation_unavailable',
  'audit_unavailable',
  'state_stale',
  'process_restarted',
  'record_set_aside',
]);

/** Whether a verdict counts as a refusal that the agent brought on itself. */
export function isAgentDenial(verdict: Verdict, reasonCode: ReasonCode): boolean {
  return verdict === 'deny' && !NOT_THE_AGENTS.has(reasonCode);
}
