import { ValidateBy } from 'class-validator';

/**
 * A rule of one member that no ready decorator states.
 * @param fault says what is wrong, seeing the object that the member belongs to; undefined when nothing is
 */
export function Rule(
  name: string,
  fault: (value: unknown, owner: object) => string | undefined,
): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value, args) => args !== undefined && fault(value, args.object) === undefined,
      defaultMessage: (args) => (args && fault(args.value, args.object)) ?? `$property: ${name}`,
    },
  });
}

/**
 * A list in which no two objects have the same key.
 * @param keyOf of an object whose members may be of any kind; other elements are somebody else's fault
 */
export function UniqueBy(
  what: string,
  keyOf: (element: Readonly<Record<string, unknown>>) => readonly unknown[],
): PropertyDecorator {
  return Rule('uniqueBy', (value) => {
    const elements = Array.isArray(value) ? value : [];
    const keys = elements
      .filter(
        (element): element is Record<string, unknown> => typeof element === 'object' && element !== null,
      )
      .map((element) => JSON.stringify(keyOf(element)));
    return new Set(keys).size === keys.length ? undefined : `there must not be two of the same ${what}`;
  });
}
