import type { DecisionEngine } from '../src/ports/ports';
import { sampleInput } from './sample-input';

/**
 * What every decision engine keeps. The engine under test allows `echo`, denies `drop`, escalates `pay`,
 * restricts `list` (`max_result_bytes` 10) and has no decision for `void`; its revision is `r1`.
 */
export function decisionEngineContract(name: string, engineOf: () => DecisionEngine): void {
  describe(`${name} as a decision engine`, () => {
    it.each([
      ['echo', 'allow'],
      ['drop', 'deny'],
      ['pay', 'escalate'],
      ['list', 'restrict'],
    ])('answers %s with %s, policy, reason and revision', async (tool, result) => {
      const answer = await engineOf().decide(sampleInput(tool));
      expect(answer).toMatchObject({ ok: true, decision: { result, revision: 'r1' } });
      if (answer.ok) expect(answer.decision.policy).not.toBe('');
    });

    it('tells who spoke, the deciding policy first', async () => {
      const answer = await engineOf().decide(sampleInput('drop'));
      if (!answer.ok) throw new Error(answer.fault);
      const { policy, policy_id, version, contributions } = answer.decision;
      expect(contributions[0]).toEqual({ policy, policy_id, version, verdict: 'deny' });
      expect(answer.decision).toMatchObject({
        is_reason_constant: true,
        judges_truncated: false,
        generation: 1,
      });
    });

    it('tells the obligations of a restriction', async () => {
      expect(await engineOf().decide(sampleInput('list'))).toMatchObject({
        decision: { obligations: [{ name: 'max_result_bytes', value: 10 }] },
      });
    });

    it('says so when there is no decision', async () => {
      expect(await engineOf().decide(sampleInput('void'))).toEqual({ ok: false, fault: 'opa_undefined' });
    });

    it('knows its revision', async () => {
      expect(await engineOf().revision()).toBe('r1');
    });

    it('answers many calls at once, each with its own decision', async () => {
      const tools = Array.from({ length: 100 }, (_, index) => (index % 2 === 0 ? 'echo' : 'drop'));
      const answers = await Promise.all(tools.map((tool) => engineOf().decide(sampleInput(tool))));
      expect(answers.map((answer) => answer.ok && answer.decision.result)).toEqual(
        tools.map((tool) => (tool === 'echo' ? 'allow' : 'deny')),
      );
    });
  });
}
