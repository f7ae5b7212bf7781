import { decisionOf, outcomeOf } from '../../test/entries';
import { abandonedRecord, mergeEntries } from './merge-entries';

const finding = { pattern: 'card', severity: 'high', field: '/a', span: [0, 4] } as const;

describe('merging a decision with its outcome', () => {
  it('takes the time and the verdict of the decision and what happened from the outcome', () => {
    const decision = decisionOf({ verdict: 'allow', extra: { a: 1 } });
    const outcome = {
      ...outcomeOf(decision.id),
      outcome: 'upstream_error',
      response_code: 502,
      extra: { b: 2 },
    } as const;
    const record = mergeEntries(decision, outcome);
    expect(record).toMatchObject({
      ts: decision.ts,
      verdict: 'allow',
      outcome: 'upstream_error',
      response_code: 502,
    });
    expect(record.extra).toEqual({ a: 1, b: 2 });
    expect(record).not.toHaveProperty('type');
  });

  it('joins the findings of both ways and keeps the stronger action', () => {
    const decision = decisionOf({ dlp_findings: [finding], dlp_action: 'redacted' });
    const outcome = { ...outcomeOf(decision.id), dlp_findings: [finding], dlp_action: 'logged' } as const;
    expect(mergeEntries(decision, outcome)).toMatchObject({
      dlp_findings: [finding, finding],
      dlp_action: 'redacted',
    });
  });

  it('records a decision that nobody finished as aborted', () => {
    expect(abandonedRecord(decisionOf({}))).toMatchObject({ outcome: 'aborted', error: 'process_restarted' });
  });
});
