import { VERDICTS, type Verdict } from '@behavry/contracts';
import fc from 'fast-check';
import { foldVerdicts } from './fold-verdicts';

describe('the fold of verdicts', () => {
  it('is deny over escalate over restrict over allow, in any order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...VERDICTS), { minLength: 1 }), (verdicts: Verdict[]) => {
        const strongest = VERDICTS.find((verdict) => verdicts.includes(verdict));
        expect(foldVerdicts(verdicts.map((verdict) => ({ verdict })))?.verdict).toBe(strongest);
      }),
    );
  });

  it('has no opinion when no rule spoke', () => {
    const nobody: { readonly verdict: Verdict }[] = [];
    expect(foldVerdicts(nobody)).toBeUndefined();
  });

  it('keeps the first of equal opinions', () => {
    const opinions = [
      { verdict: 'deny' as const, by: 1 },
      { verdict: 'deny' as const, by: 2 },
    ];
    expect(foldVerdicts(opinions)?.by).toBe(1);
  });
});
