import { isObject } from '@behavry/contracts';
import { toolCall, type Call } from '@behavry/pipeline';
import { describeRequest } from './describe-call';

interface ListKind {
  readonly member: string;
  /** What calling the listed thing would be; undefined hides it. */
  readonly callOf: (item: Readonly<Record<string, unknown>>) => Call | undefined;
}

const as = (method: string, params: Record<string, unknown>): Call | undefined =>
  describeRequest({ kind: 'request', id: 0, method, params });

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

/** What a list holds: each item with the call that it offers. */
export interface ListedItems {
  readonly member: string;
  readonly items: readonly { readonly item: unknown; readonly call: Call | undefined }[];
}

/** @returns the items of a list's result, or undefined when the method lists nothing callable */
export function listedItems(method: string, result: unknown): ListedItems | undefined {
  const kind = Object.hasOwn(KINDS, method) ? KINDS[method] : undefined;
  if (!kind || !isObject(result)) return undefined;
  const items = result[kind.member];
  if (!Array.isArray(items)) return undefined;
  return {
    member: kind.member,
    items: (items as unknown[]).map((item) => ({
      item,
      call: isObject(item) ? kind.callOf(item) : undefined,
    })),
  };
}
