import type { DecisionInput, PolicyDecision } from '@behavry/contracts';
import type { DecisionEngine, EngineAnswer } from '../src/ports/ports';

export const ALLOW: PolicyDecision = {
  result: 'allow',
  reason: 'allowed for tests',
  is_reason_constant: true,
  policy: 'behavry.base.test',
  policy_id: 'behavry.base.test',
  version: 0,
  obligations: [],
  contributions: [],
  judges_truncated: false,
  revision: 'r1',
  generation: 1,
};

/** A decision engine in memory: decides by a function, remembers what it was asked. */
export class FakeDecisionEngine implements DecisionEngine {
  readonly name = 'fake';
  readonly asked: DecisionInput[] = [];

  constructor(
    private readonly rule: (input: DecisionInput) => EngineAnswer = () => ({ ok: true, decision: ALLOW }),
  ) {}

  decide(input: DecisionInput): Promise<EngineAnswer> {
    this.asked.push(input);
    return Promise.resolve(this.rule(input));
  }

  revision(): Promise<string | undefined> {
    return Promise.resolve('r1');
  }
}
