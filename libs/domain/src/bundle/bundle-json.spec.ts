import fc from 'fast-check';
import { bundleJson, byCodePoint } from './bundle-json';

describe('the serialiser of bundle data', () => {
  it('writes what OPA writes before it hashes', () => {
    expect(
      bundleJson({ b: [1, true, null, 'x'], a: { d: undefined, c: '<>&\u2028\u2029\u007f\b/é😀' } }),
    ).toBe('{"a":{"c":"<>&\\u2028\\u2029\u007f\\b/é😀"},"b":[1,true,null,"x"]}');
  });

  it('sorts members by code point, not by UTF-16 unit', () => {
    // U+FF61 comes after the surrogates of U+1F600 in UTF-16, and before it in code points.
    expect(bundleJson({ '\u{1F600}': 1, '\uFF61': 2 })).toBe('{"\uFF61":2,"\u{1F600}":1}');
    expect(byCodePoint('\uFF61', '\u{1F600}')).toBeLessThan(0);
  });

  it.each([
    [0.5],
    [2 ** 53],
    [-0],
    [Number.NaN],
    ['\ud800'],
    [{ '\udc00': 1 }],
    [() => 1],
    [[undefined]],
    [10n],
  ])('refuses %p, which the two sides would write differently', (value) => {
    expect(() => bundleJson(value)).toThrow(TypeError);
  });

  it('says the same as JSON for every value that it accepts, in one order', () => {
    const leaf = fc.oneof(fc.integer(), fc.string({ unit: 'grapheme' }), fc.boolean(), fc.constant(null));
    const value = fc.letrec((tie) => ({
      node: fc.oneof(
        leaf,
        fc.array(tie('node')),
        fc.dictionary(fc.string({ unit: 'grapheme' }), tie('node')),
      ),
    })).node;
    fc.assert(
      fc.property(value, (data) => {
        const text = bundleJson(data);
        expect(JSON.stringify(JSON.parse(text))).toBe(
          JSON.stringify(JSON.parse(bundleJson(JSON.parse(text)))),
        );
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(data)));
      }),
    );
  });
});
