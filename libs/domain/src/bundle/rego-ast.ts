import { isObject, objectOf, objectsOf } from '@behavry/contracts';
import { mixedMemberships, type Place } from './mixed-membership';

/** The part of `opa parse --format json --json-include locations` that we read. */
export interface RegoRule {
  readonly name: string;
  /** The rule's reference has more than a name (`deny.x`, `deny["x"]`). */
  readonly isNested: boolean;
  readonly isDefault: boolean;
  readonly isSet: boolean;
  readonly isFunction: boolean;
  readonly hasElse: boolean;
  /** What a set rule puts into its set. */
  readonly key: RegoTerm | undefined;
  /** A constant value of the head, when it has one. */
  readonly value: unknown;
  readonly body: readonly RegoExpression[];
  readonly row: number;
  readonly col: number;
}

export interface RegoExpression {
  readonly isNegated: boolean;
  readonly hasWith: boolean;
  /** Operator and operands of a call; empty for anything else. */
  readonly terms: readonly RegoTerm[];
}

export interface RegoTerm {
  readonly type: string;
  readonly value: unknown;
}

export interface RegoModule {
  /** Dotted package, or undefined when it has parts that are no plain names. */
  readonly package: string | undefined;
  readonly rules: readonly RegoRule[];
  /** `custom` of the package's metadata. */
  readonly custom: unknown;
  /** Membership tests in a literal that mixes constants with other values. */
  readonly mixedMemberships: readonly Place[];
}

/** Narrows OPA's own JSON of a parsed module. Members that are missing read as empty. */
export function readRegoModule(json: unknown): RegoModule {
  const module = objectOf(json);
  const annotation = objectsOf(module['annotations']).find(({ scope }) => scope === 'package');
  return {
    package: packageText(module['package']),
    rules: objectsOf(module['rules']).map(readRule),
    custom: annotation?.['custom'],
    mixedMemberships: mixedMemberships(module['rules']),
  };
}

/** Dotted text of a reference made of names only. */
export function refText(term: RegoTerm | undefined): string | undefined {
  if (term?.type !== 'ref') return undefined;
  const parts = objectsOf(term.value);
  const isPlain = parts.every(
    ({ type, value }, index) => typeof value === 'string' && (index === 0 || type === 'string'),
  );
  return isPlain ? parts.map(({ value }) => String(value)).join('.') : undefined;
}

function packageText(json: unknown): string | undefined {
  const [, ...parts] = objectsOf(objectOf(json)['path']);
  return parts.length === 0 ? undefined : parts.map(({ value }) => String(value)).join('.');
}

function readRule(rule: Readonly<Record<string, unknown>>): RegoRule {
  const head = objectOf(rule['head']);
  const ref = objectsOf(head['ref']);
  const location = objectOf(rule['location']);
  const value = objectOf(head['value'])['value'];
  return {
    name: textOr(head['name'], textOr(ref[0]?.['value'], '')),
    isNested: ref.length > 1,
    isDefault: rule['default'] === true,
    isSet: head['key'] !== undefined && head['value'] === undefined,
    isFunction: Array.isArray(head['args']),
    hasElse: rule['else'] !== undefined,
    key: isObject(head['key']) ? termOf(head['key']) : undefined,
    value,
    body: objectsOf(rule['body']).map(readExpression),
    row: typeof location['row'] === 'number' ? location['row'] : 1,
    col: typeof location['col'] === 'number' ? location['col'] : 1,
  };
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function readExpression(expression: Readonly<Record<string, unknown>>): RegoExpression {
  return {
    isNegated: expression['negated'] === true,
    hasWith: expression['with'] !== undefined,
    terms: objectsOf(expression['terms']).map(termOf),
  };
}

function termOf({ type, value }: Readonly<Record<string, unknown>>): RegoTerm {
  return { type: String(type), value };
}
