import fc from 'fast-check';
import { memberSpan } from './json-shape';
import { parseStrictJson } from './strict-json';

const fault = (text: string | Uint8Array): string => {
  const parsed = parseStrictJson(text, { maxBytes: 1000, maxDepth: 5 });
  return parsed.ok ? 'accepted' : parsed.fault;
};

describe('the strict JSON parser', () => {
  it.each([
    ['{"a":1,"a":2}', 'duplicate_key'],
    ['{"method":"ping","\\u006dethod":"tools/call"}', 'duplicate_key'],
    ['{"a":{"b":1,"b" :2}}', 'duplicate_key'],
    ['[{"a":1},{"a":1,"x":[],"a":[]}]', 'duplicate_key'],
    ['{"__proto__":{}}', 'forbidden_key'],
    ['{"\\u005f_proto__":{}}', 'forbidden_key'],
    ['{"a":"\\ud800"}', 'lone_surrogate'],
    ['{"a":"\ud800"}', 'lone_surrogate'],
    ['[[[[[[1]]]]]]', 'too_deep'],
    [`"${'x'.repeat(1000)}"`, 'too_large'],
    ['{"a":1', 'not_json'],
    ['{"a":"\\"}', 'not_json'],
    ["{'a':1}", 'not_json'],
    ['{"id":12345678901234567890}', 'unsafe_number'],
    ['{"id":1e999}', 'unsafe_number'],
  ])('refuses %s as %s', (text, expected) => {
    expect(fault(text)).toBe(expected);
  });

  it('refuses bytes that are not UTF-8', () => {
    expect(fault(Uint8Array.of(0x22, 0xff, 0x22))).toBe('not_utf8');
  });

  it.each([
    '{"a":{"x":1},"b":{"x":1}}',
    '["a","a"]',
    '{"a":"a","b":"a"}',
    '{"a":"\\\\","b":"{\\"a\\":1}"}',
    '{"a":"\\ud83d\\ude00"}',
    '[0.1234567890123456789,9007199254740991,-0,1e10]',
    ' {} ',
    '"x"',
    'null',
  ])('accepts %s', (text) => {
    expect(parseStrictJson(text)).toEqual({ ok: true, text, value: JSON.parse(text) as unknown });
  });

  it('accepts whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        const parsed = parseStrictJson(text, { maxBytes: 1e6, maxDepth: 64 });
        expect(parsed.ok || parsed.fault === 'forbidden_key' || parsed.fault === 'unsafe_number').toBe(true);
      }),
    );
  });

  it('is linear on a body made to be slow', () => {
    const text = `{${Array.from({ length: 60_000 }, (_, index) => `"${'\\\\'.repeat(8)}${String(index)}":1`).join(',')}}`;
    expect(parseStrictJson(text).ok).toBe(true);
  });
});

describe('the place of a member', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":5,"params":{"id":7}}', '5'],
    ['{ "params" : {"id":7,"a":["id",1]} , "id" : "x,}y" }', ' "x,}y" '],
    ['{"id":"id"}', '"id"'],
    ['{"\\u0069d":3,"z":"\\"id\\":4"}', '3'],
    ['{"a":"id","b":{"id":1}}', undefined],
  ])('in %s is that of its value', (text, value) => {
    const span = memberSpan(text, 'id');
    expect(span && text.slice(...span)).toBe(value);
  });
});
