import fc from 'fast-check';
import { AUDIT_FIELDS, type FieldShape, type SequencedRecord } from '@behavry/contracts';
import { canonicalJson } from '../canonical/canonical-json';
import { auditText, personalFits, saltedDigest } from './audit-text';

const text = fc.string({ unit: 'binary' });
const object = fc.dictionary(text, fc.jsonValue({ stringUnit: 'binary' }));
const finite = fc.double({ noDefaultInfinity: true, noNaN: true });

function valueOf(shape: FieldShape): fc.Arbitrary<unknown> {
  if (typeof shape === 'object') return fc.constantFrom(...shape);
  switch (shape) {
    case 'uuid':
      return fc.uuid();
    case 'time':
      return fc.date({ noInvalidDate: true }).map((date) => date.toISOString());
    case 'text':
      return text;
    case 'number':
    case 'count':
      return finite;
    case 'list':
      return fc.array(object, { maxLength: 3 });
    case 'object':
      return object;
    case 'text?':
    case 'key?':
    case 'int32?':
    case 'object?':
    case 'made':
      return fc.oneof(fc.constant(null), text, finite, object);
  }
}

const record = fc.record(
  Object.fromEntries(Object.entries(AUDIT_FIELDS).map(([name, { shape }]) => [name, valueOf(shape)])),
) as unknown as fc.Arbitrary<SequencedRecord>;

describe('the text of a record', () => {
  it('is its canonical JSON, whatever an agent chose', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(auditText(one)).toBe(canonicalJson(one));
      }),
    );
  });

  it('leaves out what is no member of a record', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(auditText({ ...one, type: 'decision' } as SequencedRecord)).toBe(auditText(one));
      }),
      { numRuns: 5 },
    );
  });
});

describe('a personal value', () => {
  const kept = { salt: '00', value: 'ann@example.org' };
  const row = { requester_id: saltedDigest(kept), target: null } as SequencedRecord;

  it('fits the row that was hashed with it, and no other', () => {
    expect(personalFits(row, { requester_id: kept, target: null })).toBe(true);
    expect(personalFits(row, { requester_id: { ...kept, value: 'bob' }, target: null })).toBe(false);
    expect(personalFits(row, { requester_id: { ...kept, salt: '01' }, target: null })).toBe(false);
    expect(personalFits(row, { requester_id: kept, target: kept })).toBe(false);
  });

  it('may be gone', () => {
    expect(personalFits(row, null)).toBe(true);
  });
});
