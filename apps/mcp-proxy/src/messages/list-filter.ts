import { isObject } from '@behavry/contracts';
import { previewCalls, toolCall, type Call, type Exchange, type Guard } from '@behavry/pipeline';
import { describeRequest } from './describe-call';

interface ListKind {
  readonly member: string;
  /** What calling the listed thing would be; undefined hides it. */
  readonly callOf: (item: Readonly<Record<string, unknown>>) => Call | undefined;
}

const as = (method: string, params: Record<string, unknown>): Call | undefined =>
  describeRequest({ method, params }, 0)?.call;

const KINDS: Readonly<Record<string, ListKind>> = {
  'tools/list': {
    member: 'tools',
    callOf: ({ name }) => (typeof name === 'string' ? toolCall(name, {}) : undefined),
  },
  'resources/list': { member: 'resources', callOf: ({ uri }) => as('resources/read', { uri }) },
  'resources/templates/list': {
    member: 'resourceTemplates',
    callOf: ({ uriTemplate }) => as('resources/read', { uri: uriTemplate }),
  },
  'prompts/list': { member: 'prompts', callOf: ({ name }) => as('prompts/get', { name }) },
};

/** @returns whether a method's answer is a list of which policy is asked item by item */
export function isFiltered(method: string): boolean {
  return Object.hasOwn(KINDS, method);
}

/** A page of a list that holds more is not asked about: nobody lists so much at once for an agent to read. */
const MAX_ITEMS = 2_000;

/** `unchanged`: every item may be seen, or nothing callable is listed. */
export type FilteredList =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'changed'; readonly result: Readonly<Record<string, unknown>> }
  | { readonly kind: 'too_long' }
  /** Policy could not be asked. */
  | { readonly kind: 'undecided' };

/** Hides from a list what policy denies with empty arguments (semantics: MCP methods). */
export async function filterList(
  guard: Guard,
  exchange: Exchange,
  method: string,
  result: unknown,
): Promise<FilteredList> {
  const kind = isFiltered(method) ? KINDS[method] : undefined;
  if (!kind || !isObject(result)) return { kind: 'unchanged' };
  const items: unknown = result[kind.member];
  if (!Array.isArray(items)) return { kind: 'unchanged' };
  if (items.length > MAX_ITEMS) return { kind: 'too_long' };
  const callable = (items as unknown[]).flatMap((item) => {
    const call = isObject(item) ? kind.callOf(item) : undefined;
    return call ? [{ item, call }] : [];
  });
  const previews = await previewCalls(
    guard,
    exchange,
    callable.map(({ call }) => call),
  );
  if (previews.includes('unknown')) return { kind: 'undecided' };
  const visible = callable.filter((_one, index) => previews[index] === 'visible').map(({ item }) => item);
  return visible.length === items.length
    ? { kind: 'unchanged' }
    : { kind: 'changed', result: { ...result, [kind.member]: visible } };
}
