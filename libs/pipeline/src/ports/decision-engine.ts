import type { DecisionInput, PolicyDecision, ReasonCode } from '@behavry/contracts';

/** Why there is no decision. Each means deny. */
export type EngineFault = Extract<
  ReasonCode,
  'opa_unreachable' | 'opa_timeout' | 'opa_undefined' | 'opa_malformed' | 'opa_error'
>;

export type EngineAnswer =
  | { readonly ok: true; readonly decision: PolicyDecision }
  | { readonly ok: false; readonly fault: EngineFault };

/** Decides calls by the tenant's policies. Never throws: a failure is an answer. */
export interface DecisionEngine {
  /** Name that audit rows give it. */
  readonly name: string;
  /** @param signal ends the wait when the exchange is over; the answer then does not matter */
  decide(input: DecisionInput, signal?: AbortSignal): Promise<EngineAnswer>;
  /** @returns revision of the policies in force, undefined when there is none or nobody answers */
  revision(): Promise<string | undefined>;
}
