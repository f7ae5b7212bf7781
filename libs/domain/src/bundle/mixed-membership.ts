import { isObject, objectOf, objectsOf } from '@behavry/contracts';

/** Where something stands in a policy's text; both count from 1. */
export interface Place {
  readonly row: number;
  readonly col: number;
}

const SCALARS: readonly unknown[] = ['string', 'number', 'boolean', 'null'];
const COMPOSITES: readonly unknown[] = ['set', 'array', 'object'];

/**
 * Finds membership tests in a literal that mixes constants with other values (`x in {"rm", input.y}`), anywhere in a
 * parsed rule. `some x in …` goes through the values and is no test.
 * @param node a part of OPA's JSON of a module
 * @param outer where the nearest node around it stands
 */
export function mixedMemberships(node: unknown, outer: Place = { row: 1, col: 1 }): readonly Place[] {
  if (Array.isArray(node)) {
    const own = isMixedTest(node) ? [placeOf(node[0], outer)] : [];
    return [...own, ...node.flatMap((item: unknown) => mixedMemberships(item, outer))];
  }
  if (!isObject(node) || node['symbols'] !== undefined) return [];
  const place = placeOf(node, outer);
  return Object.entries(node).flatMap(([name, value]) =>
    name === 'location' ? [] : mixedMemberships(value, place),
  );
}

/** A call is its operator followed by its operands. */
function isMixedTest(call: readonly unknown[]): boolean {
  const [operator, ...operands] = objectsOf(call);
  const path = objectsOf(operator?.['value']).map(({ value }) => value);
  if (path[0] !== 'internal' || (path[1] !== 'member_2' && path[1] !== 'member_3')) return false;
  const literal = operands.at(-1);
  if (!COMPOSITES.includes(literal?.['type']) || !Array.isArray(literal?.['value'])) return false;
  const constants = (literal['value'] as unknown[]).map(isConstant);
  return constants.includes(true) && constants.includes(false);
}

function isConstant(term: unknown): boolean {
  if (Array.isArray(term)) return term.every(isConstant);
  if (!isObject(term)) return false;
  return SCALARS.includes(term['type']) || (COMPOSITES.includes(term['type']) && isConstant(term['value']));
}

function placeOf(node: unknown, otherwise: Place): Place {
  const { row, col } = objectOf(objectOf(node)['location']);
  return typeof row === 'number' && typeof col === 'number' ? { row, col } : otherwise;
}
