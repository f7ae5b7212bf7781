import { VERDICTS, type Verdict } from '@behavry/contracts';
import fc from 'fast-check';
import { strongerVerdict } from './stronger-verdict';

describe('the stronger verdict', () => {
  it('is deny over escalate over restrict over allow, from either side', () => {
    fc.assert(
      fc.property(fc.constantFrom(...VERDICTS), fc.constantFrom(...VERDICTS), (a: Verdict, b: Verdict) => {
        const strongest = VERDICTS.find((verdict) => verdict === a || verdict === b);
        expect(strongerVerdict({ verdict: a }, { verdict: b }).verdict).toBe(strongest);
      }),
    );
  });

  it('is the first of two equal ones', () => {
    expect(strongerVerdict({ verdict: 'deny', by: 1 }, { verdict: 'deny', by: 2 })).toMatchObject({ by: 1 });
  });
});
