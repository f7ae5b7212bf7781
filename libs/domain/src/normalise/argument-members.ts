/** How many lists and objects deep the arguments of a call are looked at; tools nest less. */
const MAX_DEPTH = 8;

/** A value of a call's arguments under the member name that stands nearest above it. */
export interface ArgumentMember {
  readonly name: string;
  readonly value: unknown;
  /** Names further up, outermost first. */
  readonly above: readonly string[];
}

/**
 * The named values of a call's arguments, however they are nested: `edits: [{ path }]` has `edits` and `path`. The
 * items of a list bear the list's name.
 * @param args the arguments; anything that is no list or object has none
 */
export function* argumentMembers(args: unknown): Generator<ArgumentMember> {
  yield* below(args, undefined, [], 0);
}

function* below(
  value: unknown,
  name: string | undefined,
  above: readonly string[],
  depth: number,
): Generator<ArgumentMember> {
  if (depth === MAX_DEPTH || typeof value !== 'object' || value === null) return;
  const names = name === undefined ? above : [...above, name];
  const entries: readonly (readonly [string | undefined, unknown])[] = Array.isArray(value)
    ? value.map((item: unknown) => [undefined, item])
    : Object.entries(value);
  for (const [own, item] of entries) {
    if (own !== undefined) yield { name: own, value: item, above: names };
    else if (name !== undefined) yield { name, value: item, above: names };
    yield* below(item, own ?? name, own === undefined ? above : names, depth + 1);
  }
}
