import { AUDIT_FIELDS } from '@behavry/contracts';
import { decisionOf, outcomeOf, wholeOf } from '../../test/entries';
import { readSpoolEntry } from './spool-entry';

const id = '019a0000-0000-7000-8000-00000000000a';
const whole = wholeOf({ id });

describe('a spool entry', () => {
  it('passes as it is when it is whole', () => {
    const lost = { type: 'lost', id, ts: whole.ts };
    for (const entry of [decisionOf({ id }), outcomeOf(id), whole, lost])
      expect(readSpoolEntry(entry)).toEqual({ ok: true, entry });
  });

  it('is refused by name when any member is missing', () => {
    const names = Object.entries(AUDIT_FIELDS).flatMap(([name, { of }]) => (of === 'writer' ? [] : [name]));
    for (const name of [...names, 'requester', 'target'])
      expect(readSpoolEntry({ ...whole, [name]: undefined })).toEqual({
        ok: false,
        reason: `${name} does not fit`,
      });
  });

  it.each([
    ['id', 'not-a-uuid'],
    ['tenant_id', null],
    ['ts', '2026-01-01'],
    ['ts', '2026-13-01T00:00:00.000Z'],
    ['verdict', 'maybe'],
    ['kind', 'ftp'],
    ['tool', 7],
    ['agent_id', 'a'.repeat(513)],
    ['risk_score', '1'],
    ['depth', -1],
    ['bytes_up', 0.5],
    ['response_code', 2 ** 31],
    ['dlp_findings', 'none'],
    ['contributions', [1]],
    ['tokens', 3],
    ['extra', null],
    ['requester', 'ann'],
    ['target', { class: 'secret', key: '', shown: null }],
  ])('is refused by name, without its value, when %s is %j', (name, value) => {
    expect(readSpoolEntry({ ...whole, [name]: value })).toEqual({
      ok: false,
      reason: `${name} does not fit`,
    });
  });

  it('is refused when it is of no known type', () => {
    expect(readSpoolEntry({ ...whole, type: 'other' }).ok).toBe(false);
    expect(readSpoolEntry('text').ok).toBe(false);
  });
});
