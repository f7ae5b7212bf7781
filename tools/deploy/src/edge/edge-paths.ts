/**
 * The path of a request that every program behind the edge reads in the same way, as one regular expression (the rules
 * of the local edge's `safePath`): absolute, no empty and no dot segment, no backslash, no fragment, nothing encoded
 * that programs decode at different times, percent encoding that is UTF-8.
 */
const PATH_OCTET = String.raw`[^%?#/\x5c\x00-\x20\x7f-\xff]`;
/** ASCII but control characters, dot, slash and backslash. */
const ENCODED_ASCII = '%(?!2e|2f|5c|7f)[2-7][0-9a-f]';
const TAIL = '%[89ab][0-9a-f]';
/** Well-formed UTF-8 (RFC 3629 §4), two to four bytes: no overlong forms, no surrogates, nothing above U+10FFFF. */
const ENCODED_UTF8 = [
  `%(?:c[2-9a-f]|d[0-9a-f])${TAIL}`,
  `%e0%[ab][0-9a-f]${TAIL}`,
  `%e[1-9a-cef](?:${TAIL}){2}`,
  `%ed%[89][0-9a-f]${TAIL}`,
  `%f0%[9ab][0-9a-f](?:${TAIL}){2}`,
  `%f[1-3](?:${TAIL}){3}`,
  `%f4%8[0-9a-f](?:${TAIL}){2}`,
].join('|');
const SEGMENT = String.raw`/(?!/)(?!\.\.?[;/? ])(?:${PATH_OCTET}|${ENCODED_ASCII}|${ENCODED_UTF8})*`;
const QUERY = String.raw`(?:\?[\x21\x22\x24-\x7e]*)?`;

/**
 * A request line that the edge accepts; to be matched without regard to case. It is held against the whole line because
 * a web server has already taken a target apart, and forgiven some of it, by the time it names a path.
 */
export const REQUEST_LINE = String.raw`^[A-Z_-]+ (?:${SEGMENT})+${QUERY} HTTP/1\.[01]$`;

/** @returns a regular expression for a decoded path that is `prefix` or lies below it, on whole segments */
export function prefixPattern(prefix: string): string {
  return `^${prefix.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)}(?:/|$)`;
}
