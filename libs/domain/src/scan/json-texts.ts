/** Where a value stands in a JSON value: an item of a list or a member of an object. */
export interface Place {
  readonly parent: Place | undefined;
  readonly key: string;
  /** Whether something was found in the name itself, so that it must not be shown. */
  isNameFound: boolean;
}

/**
 * @param name the member's name, empty for an item of a list and for the whole value
 * @param text undefined when only the name is a text (its value is an object, a list, …)
 */
export type TextVisitor = (name: string, text: string | undefined, place: Place | undefined) => void;

/** Values nested deeper than this are read without recursion and lose the rest of their pointers. */
export const MAX_NESTING = 64;

/** A name is shown only when it cannot be mistaken for data. */
const PLAIN_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;
const INDEX = /^\d{1,9}$/;

/** Visits the strings of a JSON value, its member names and its long numbers, in order. */
export function eachText(value: unknown, visit: TextVisitor): void {
  walk(value, '', undefined, visit, 0);
}

function walk(
  value: unknown,
  name: string,
  place: Place | undefined,
  visit: TextVisitor,
  depth: number,
): void {
  const text = textOf(value);
  if (text !== undefined || name !== '') visit(name, text, place);
  if (typeof value !== 'object' || value === null) return;
  if (depth >= MAX_NESTING) {
    flatten(value, place, visit);
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      walk(item, '', { parent: place, key: String(index), isNameFound: false }, visit, depth + 1);
    });
  } else {
    for (const [key, member] of Object.entries(value)) {
      walk(member, key, { parent: place, key, isNameFound: false }, visit, depth + 1);
    }
  }
}

/** The same for values so deep that recursion could overflow the stack; their order does not matter. */
function flatten(holder: object, place: Place | undefined, visit: TextVisitor): void {
  const stack: object[] = [holder];
  for (let next = stack.pop(); next; next = stack.pop()) {
    const isList = Array.isArray(next);
    for (const [key, member] of Object.entries(next) as [string, unknown][]) {
      const text = textOf(member);
      const name = isList ? '' : key;
      if (text !== undefined || name !== '') visit(name, text, place);
      if (typeof member === 'object' && member !== null) stack.push(member);
    }
  }
}

/** The text of a string, or of a number long enough to be an account or card number. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' && Math.abs(value) >= 1e8 ? String(value) : undefined;
}

/** @returns a JSON pointer (RFC 6901) in which every name that may be data, or holds a finding, is `*` */
export function pointerTo(place: Place | undefined): string {
  let pointer = '';
  for (let current = place; current; current = current.parent) {
    const { key, isNameFound } = current;
    pointer = `/${!isNameFound && (INDEX.test(key) || PLAIN_NAME.test(key)) ? key : '*'}${pointer}`;
  }
  return pointer;
}

/** @returns the pointer of the first place in a value at which each of the texts stands; none of those that stand nowhere */
export function pointersOfTexts(value: unknown, wanted: ReadonlySet<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  eachText(value, (_name, text, place) => {
    if (text !== undefined && wanted.has(text) && !found.has(text)) found.set(text, pointerTo(place));
  });
  return found;
}
