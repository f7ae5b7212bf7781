/** NUL and lone surrogates: PostgreSQL stores neither, and a lone surrogate has no canonical form. */
const UNSTORABLE = /\u0000|\p{Surrogate}/gu;

/**
 * Makes JSON whose texts an agent chose fit for a database and for {@link canonicalJson}.
 * @param value a JSON value
 * @returns the same with every such character replaced by U+FFFD, in names too
 */
export function storableJson<T>(value: T): T {
  return storable(value) as T;
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(UNSTORABLE, '\ufffd');
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name.replace(UNSTORABLE, '\ufffd'), storable(member)]),
  );
}
