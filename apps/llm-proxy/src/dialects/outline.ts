import { isObject } from '@behavry/contracts';
import { isPlainName } from './reading';

/** Where in a dialect's requests texts stand. */
export interface OutlineRules {
  /** Members in which every text is the agent's own. */
  readonly texts: ReadonlySet<string>;
  /** Members that name a thing even there. */
  readonly names: ReadonlySet<string>;
  /** Members of texts that hold an agent's own objects: nothing in them is a name, whatever it is called. */
  readonly data?: ReadonlySet<string>;
  /** Members that hold a JSON schema, of which only the names of its properties are told. */
  readonly schemas: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/**
 * A model's request as policy sees it: the same members in the same places, but each text is its length in UTF-16 code
 * units. Plain names stay where no text can stand.
 * @param key member in which the value stands
 */
export function outline(value: unknown, rules: OutlineRules, key = '', isInText = false): unknown {
  if (isInText && rules.data?.has(key))
    return outline(value, { ...rules, names: NONE, data: NONE }, '', true);
  if (typeof value === 'string') {
    return isPlainName(value) && (!isInText || rules.names.has(key)) ? value : value.length;
  }
  if (Array.isArray(value)) return value.map((item) => outline(item, rules, key, isInText));
  if (!isObject(value)) return value;
  if (!isInText && rules.schemas.has(key))
    return Object.keys(isObject(value['properties']) ? value['properties'] : {});
  const told: [string, unknown][] = [];
  for (const name of Object.keys(value)) {
    told.push([name, outline(value[name], rules, name, isInText || rules.texts.has(name))]);
  }
  return Object.fromEntries(told);
}
