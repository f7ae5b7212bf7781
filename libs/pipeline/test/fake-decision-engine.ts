import type { DecisionInput, PolicyDecision } from '@behavry/contracts';
import type { DecisionEngine, EngineAnswer } from '../src/ports/decision-engine';

export const ALLOW: PolicyDecision = {
  result: 'allow',
  reason: 'allowed for tests',
  policy: 'behavry.base.test',
  obligations: [],
  revision: 'r1',
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
