import { isObject } from '@behavry/contracts';

type Members = Readonly<Record<string, unknown>>;

/** @returns the objects in a value, however deep, that are signed; what is in one is not looked at again */
export function sealedParts(value: unknown, isSealed: (part: Members) => boolean): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => sealedParts(item, isSealed));
  if (!isObject(value)) return [];
  return isSealed(value) ? [value] : Object.values(value).flatMap((member) => sealedParts(member, isSealed));
}
