import { isObject } from '@behavry/contracts';

/**
 * The parts of a value that an earlier one does not have in the same place. Chunks of a stream repeat most of what they
 * say, and a scanner looks at each text by itself, so only these need its look.
 * @param before the earlier value, which was found clean
 * @returns each part as a list item, members under their names
 */
export function freshParts(value: unknown, before: unknown): readonly unknown[] {
  const fresh: unknown[] = [];
  collect(value, before, '', fresh);
  return fresh;
}

function collect(value: unknown, before: unknown, name: string, fresh: unknown[]): void {
  if (value === before) return;
  if (isObject(value) && isObject(before)) {
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(before, key)) collect(value[key], before[key], key, fresh);
      else fresh.push({ [key]: value[key] });
    }
  } else if (Array.isArray(value) && Array.isArray(before)) {
    for (let index = 0; index < value.length; index++) collect(value[index], before[index], '', fresh);
  } else if (typeof value === 'object' || typeof value === 'string' || typeof value === 'number') {
    if (value !== '' && value !== null) fresh.push(name === '' ? value : { [name]: value });
  }
}
