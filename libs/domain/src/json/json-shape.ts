/** What readers would disagree about. `unsafe_number`: a double cannot hold it exactly. */
export type ShapeFault =
  'not_json' | 'too_deep' | 'duplicate_key' | 'forbidden_key' | 'lone_surrogate' | 'unsafe_number';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LONE_SURROGATE = /\p{Surrogate}/u;
const INTEGER = /^-?\d+$/;

/**
 * One pass over a JSON text that finds what `JSON.parse` lets through. It does not check the grammar:
 * a text that is no JSON may pass here and is refused by the parser.
 * @param limits deepest allowed nesting of arrays and objects; whether inexact numbers may pass
 * @returns the first fault, or undefined
 */
export function shapeFaultIn(
  text: string,
  { maxDepth, allowsInexact = false }: { readonly maxDepth: number; readonly allowsInexact?: boolean },
): ShapeFault | undefined {
  if (LONE_SURROGATE.test(text)) return 'lone_surrogate';
  // One entry a level: the names seen in that object, undefined for an array.
  const levels: (Set<string> | undefined)[] = [];
  let position = 0;
  while (position < text.length) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      const end = endOfString(text, position);
      if (end < 0) return 'not_json';
      const fault = stringFault(text, position, end, levels.at(-1));
      if (fault) return fault;
      position = end;
    } else if (code === 0x7b || code === 0x5b) {
      if (levels.length >= maxDepth) return 'too_deep';
      levels.push(code === 0x7b ? new Set() : undefined);
      position++;
    } else if (code === 0x7d || code === 0x5d) {
      levels.pop();
      position++;
    } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
      const end = endOfNumber(text, position);
      if (!allowsInexact && !isExact(text.slice(position, end))) return 'unsafe_number';
      position = end;
    } else {
      position++;
    }
  }
  return undefined;
}

/**
 * Where the value of a member of the outermost object stands in its text.
 * @param text JSON that was parsed before: an object that names `name` at most once
 * @returns half-open range in UTF-16 code units; undefined when there is no such member
 */
export function memberSpan(text: string, name: string): readonly [number, number] | undefined {
  let depth = 0;
  let valueAt = -1;
  let isName = true;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      const end = endOfString(text, position);
      if (end < 0) return undefined;
      if (depth === 1 && isName && JSON.parse(text.slice(position, end)) === name) {
        valueAt = text.indexOf(':', end) + 1;
      }
      position = end - 1;
    } else if (code === 0x7b || code === 0x5b) {
      depth++;
    } else if (code === 0x7d || code === 0x5d) {
      if (--depth === 0) return valueAt < 0 ? undefined : [valueAt, position];
    } else if (depth === 1 && code === 0x2c) {
      if (valueAt >= 0) return [valueAt, position];
      isName = true;
    } else if (depth === 1 && code === 0x3a) {
      isName = false;
    }
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end > 0) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return end + 1;
    end = text.indexOf('"', end + 1);
  }
  return -1;
}

function stringFault(
  text: string,
  start: number,
  end: number,
  names: Set<string> | undefined,
): ShapeFault | undefined {
  const isName = names !== undefined && isFollowedByColon(text, end);
  const raw = text.slice(start + 1, end - 1);
  const escaped = raw.includes('\\');
  if (!isName && !escaped) return undefined;
  let name = raw;
  if (escaped) {
    try {
      name = JSON.parse(`"${raw}"`) as string;
    } catch {
      return 'not_json';
    }
    if (LONE_SURROGATE.test(name)) return 'lone_surrogate';
  }
  if (!isName) return undefined;
  if (name === '__proto__') return 'forbidden_key';
  if (names.has(name)) return 'duplicate_key';
  names.add(name);
  return undefined;
}

function isFollowedByColon(text: string, end: number): boolean {
  for (let position = end; position < text.length; position++) {
    const code = text.charCodeAt(position);
    if (code === 0x3a) return true;
    if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return false;
  }
  return false;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length) {
    const code = text.charCodeAt(end);
    const belongs =
      (code >= 0x30 && code <= 0x39) ||
      code === 0x2e ||
      code === 0x2d ||
      code === 0x2b ||
      (code | 0x20) === 0x65;
    if (!belongs) break;
    end++;
  }
  return end;
}

function isExact(literal: string): boolean {
  if (literal.length < 16 && !/e/i.test(literal)) return true;
  const value = Number(literal);
  if (!Number.isFinite(value)) return false;
  return !INTEGER.test(literal) || Number.isSafeInteger(value);
}
