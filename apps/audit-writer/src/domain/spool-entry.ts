import {
  AUDIT_FIELDS,
  isObject,
  TARGET_CLASSES,
  type FieldShape,
  type LostEntry,
  type SpoolEntry,
} from '@behavry/contracts';

type AnyEntry = SpoolEntry | LostEntry;

export type ReadEntry =
  { readonly ok: true; readonly entry: AnyEntry } | { readonly ok: false; readonly reason: string };

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** An index entry has a largest size. */
const MAX_KEY_LENGTH = 512;
const INT32 = 2 ** 31;

const SHAPES: Readonly<Record<AnyEntry['type'], readonly (readonly [string, FieldShape])[]>> = {
  decision: shapesOf('decision', 'both'),
  outcome: shapesOf('outcome', 'both'),
  whole: shapesOf('decision', 'outcome', 'both'),
  lost: [
    ['id', 'uuid'],
    ['ts', 'time'],
  ],
};

/**
 * Narrows what came out of a spool to an entry that can become a row. It is not copied: a record takes the members it
 * knows, and no others.
 * @returns the first fault by the name of its member, never with a value
 */
export function readSpoolEntry(value: unknown): ReadEntry {
  if (!isObject(value)) return { ok: false, reason: 'not an object' };
  const { type } = value;
  if (type !== 'decision' && type !== 'outcome' && type !== 'whole' && type !== 'lost')
    return { ok: false, reason: 'of no known type' };
  for (const [name, shape] of SHAPES[type])
    if (!fits(value[name], shape)) return { ok: false, reason: `${name} does not fit` };
  if (type === 'decision' || type === 'whole') {
    if (!isRequester(value['requester'])) return { ok: false, reason: 'requester does not fit' };
    if (!isTarget(value['target'])) return { ok: false, reason: 'target does not fit' };
  }
  return { ok: true, entry: value as unknown as AnyEntry };
}

function shapesOf(...of: readonly string[]): readonly (readonly [string, FieldShape])[] {
  return Object.entries(AUDIT_FIELDS).flatMap(([name, field]) =>
    of.includes(field.of) ? [[name, field.shape] as const] : [],
  );
}

function fits(value: unknown, shape: FieldShape): boolean {
  if (typeof shape === 'object') return shape.includes(value as string);
  switch (shape) {
    case 'text':
      return typeof value === 'string';
    case 'text?':
      return value === null || typeof value === 'string';
    case 'key?':
      return value === null || (typeof value === 'string' && value.length <= MAX_KEY_LENGTH);
    case 'uuid':
      return typeof value === 'string' && UUID.test(value);
    case 'time':
      return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value));
    case 'number':
      return typeof value === 'number';
    case 'count':
      return Number.isSafeInteger(value) && (value as number) >= 0;
    case 'int32?':
      return value === null || (Number.isInteger(value) && Math.abs(value as number) < INT32);
    case 'list':
      return Array.isArray(value) && value.every(isObject);
    case 'object':
      return isObject(value);
    case 'object?':
      return value === null || isObject(value);
    case 'made':
      return true;
  }
}

function isRequester(value: unknown): boolean {
  return (
    value === null ||
    (isObject(value) && typeof value['id'] === 'string' && typeof value['channel'] === 'string')
  );
}

function isTarget(value: unknown): boolean {
  return (
    value === null ||
    (isObject(value) &&
      (TARGET_CLASSES as readonly unknown[]).includes(value['class']) &&
      typeof value['key'] === 'string' &&
      (value['shown'] === null || typeof value['shown'] === 'string'))
  );
}
