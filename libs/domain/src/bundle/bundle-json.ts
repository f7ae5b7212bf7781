const LONE_SURROGATE = /\p{Surrogate}/u;
const LINE_SEPARATORS = /[\u2028\u2029]/g;

/**
 * Writes JSON exactly as OPA writes it again before it hashes `data.json` and `.manifest` of a signed
 * bundle: compact, members sorted by code point, U+2028 and U+2029 escaped, whole numbers only.
 * @param value a JSON value; members that are `undefined` are left out
 * @throws TypeError for what the two sides would write differently: fractions, integers above 2^53,
 *   negative zero, lone surrogates, and what is no JSON
 */
export function bundleJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return textOf(value);
    case 'number':
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) {
        throw new TypeError('bundle data holds whole numbers of at most 53 bits only');
      }
      return String(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(bundleJson).join(',')}]`;
      return objectOf(value as Record<string, unknown>);
    case 'undefined':
    case 'bigint':
    case 'symbol':
    case 'function':
      throw new TypeError(`a ${typeof value} is no bundle data`);
  }
}

/** Order of two texts by code points, which is that of their UTF-8 bytes; `<` compares UTF-16 units. */
export function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function textOf(text: string): string {
  if (LONE_SURROGATE.test(text)) throw new TypeError('a text with a lone surrogate is no bundle data');
  return JSON.stringify(text).replace(LINE_SEPARATORS, (found) =>
    found === '\u2028' ? '\\u2028' : '\\u2029',
  );
}

function objectOf(object: Readonly<Record<string, unknown>>): string {
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort(byCodePoint)
    .map((key) => `${textOf(key)}:${bundleJson(object[key])}`);
  return `{${members.join(',')}}`;
}
