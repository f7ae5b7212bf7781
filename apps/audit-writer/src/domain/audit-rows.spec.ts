import { auditText, saltedDigest } from '@behavry/domain';
import { decisionOf, outcomeOf, wholeOf } from '../../test/entries';
import { abandonedRow, mergedRow, wholeRow } from './audit-rows';

const finding = { pattern: 'card', severity: 'high', field: '/a', span: [0, 4] } as const;

describe('merging a decision with its outcome', () => {
  it('takes the time and the verdict of the decision and what happened from the outcome', () => {
    const decision = decisionOf({ verdict: 'allow', extra: { a: 1 } });
    const outcome = outcomeOf(decision.id, {
      outcome: 'upstream_error',
      response_code: 502,
      bytes_down: 7,
      extra: { b: 2 },
    });
    expect(mergedRow(decision, outcome).record).toMatchObject({
      ts: decision.ts,
      verdict: 'allow',
      outcome: 'upstream_error',
      response_code: 502,
      bytes_up: 512,
      bytes_down: 7,
      extra: { a: 1, b: 2 },
    });
  });

  it('joins the findings of both ways and keeps the stronger action', () => {
    const found = { dlp_findings: [finding], injection_findings: [finding] };
    const decision = decisionOf({ ...found, dlp_action: 'redacted' });
    const outcome = outcomeOf(decision.id, { ...found, dlp_action: 'logged' });
    expect(mergedRow(decision, outcome).record).toMatchObject({
      dlp_findings: [finding, finding],
      injection_findings: [finding, finding],
      dlp_action: 'redacted',
    });
  });

  it('records a decision that nobody finished as aborted', () => {
    const { record } = abandonedRow(decisionOf({}));
    expect(record).toMatchObject({ outcome: 'aborted', error: 'process_restarted' });
  });

  it('takes an entry that is whole as it is', () => {
    const { record } = wholeRow(wholeOf({ dlp_findings: [finding] }));
    expect(record).toMatchObject({ verdict: 'deny', outcome: 'refused', dlp_findings: [finding] });
  });
});

describe('a personal value', () => {
  const requester = { id: 'ann@example.org', channel: 'slack', verified: true };
  const target = { class: 'path', key: 'k'.repeat(32), shown: '/home/ann' } as const;

  it('stands in the row as a digest of its own, and beside it in clear', () => {
    const { record, personal } = abandonedRow(decisionOf({ requester, target }));
    expect(auditText({ ...record, seq: 1 })).not.toMatch(/@example|home/);
    expect(personal.requester_id).toMatchObject({ value: requester.id });
    expect(record).toMatchObject({
      requester_id: saltedDigest(personal.requester_id!),
      requester_channel: 'slack',
      target: saltedDigest(personal.target!),
      target_class: 'path',
      target_key: target.key,
    });
    const again = abandonedRow(decisionOf({ requester, target })).record;
    expect(again.requester_id).not.toBe(record.requester_id);
  });

  it('is not there for free text', () => {
    const { record, personal } = abandonedRow(
      decisionOf({ target: { ...target, class: 'query', shown: null } }),
    );
    expect(record).toMatchObject({ target: null, target_class: 'query', target_key: target.key });
    expect(personal).toEqual({ requester_id: null, target: null });
  });
});
