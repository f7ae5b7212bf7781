import fc from 'fast-check';
import { canonicalJson } from '../canonical/canonical-json';
import { storableJson } from './storable-json';

describe('storable JSON', () => {
  it('replaces NUL and lone surrogates, in texts and in names', () => {
    expect(storableJson({ 'k\u0000': ['\udfff', { a: 'b\ud800c' }, 1, null, true] })).toEqual({
      'k\ufffd': ['\ufffd', { a: 'b\ufffdc' }, 1, null, true],
    });
  });

  it('leaves whole characters alone', () => {
    expect(storableJson('ä 😀 \u0001')).toBe('ä 😀 \u0001');
  });

  it('always has a canonical form', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        expect(canonicalJson(storableJson(value))).not.toContain('\\u0000');
      }),
    );
  });
});
