import { decisionOf, outcomeOf } from '../../test/entries';
import { readSpoolEntry } from './spool-entry';

const decision = decisionOf({ id: '019a0000-0000-7000-8000-00000000000a' });

describe('a spool entry', () => {
  it('passes as it is when it is whole', () => {
    expect(readSpoolEntry(decision)).toEqual({ ok: true, entry: decision });
    const outcome = outcomeOf(decision.id);
    expect(readSpoolEntry(outcome)).toEqual({ ok: true, entry: outcome });
  });

  it('loses members that no row has', () => {
    const read = readSpoolEntry({ ...decision, secret: 'x' });
    expect(read.ok && 'secret' in read.entry).toBe(false);
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
    ['dlp_findings', 'none'],
    ['extra', null],
    ['type', 'other'],
  ])('is refused by name when %s is %j', (name, value) => {
    const read = readSpoolEntry({ ...decision, [name]: value });
    expect(read.ok).toBe(false);
  });

  it('keeps its place when an agent chose text that no database stores', () => {
    const read = readSpoolEntry({ ...decision, target: 'a\u0000b\ud800c', extra: { 'k\u0000': ['\udfff'] } });
    expect(read).toMatchObject({
      ok: true,
      entry: { target: 'a\ufffdb\ufffdc', extra: { 'k\ufffd': ['\ufffd'] } },
    });
  });
});
