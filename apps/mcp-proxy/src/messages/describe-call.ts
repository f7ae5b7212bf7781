import type { TargetClass } from '@behavry/contracts';
import { actionClassOf } from '@behavry/domain';
import { protocolCall, toolCall, type Call } from '@behavry/pipeline';
import type { RpcNotification, RpcRequest } from './rpc-message';

type Params = Readonly<Record<string, unknown>>;

/** A message that is no call: what it does, and which members of it are known and so go on. */
interface PassingKind {
  readonly action: string;
  readonly members: readonly string[];
}

const LIST: PassingKind = { action: 'list', members: ['cursor', '_meta'] };

/** The requests that policy judges by a reading of their own; any other method is judged as unknown. */
const JUDGED = [
  'tools/call',
  'resources/read',
  'resources/subscribe',
  'resources/unsubscribe',
  'prompts/get',
  'completion/complete',
  'sampling/createMessage',
  'elicitation/create',
];

/** The requests of a client that policy need not judge: this list is closed. */
const REQUESTS: Readonly<Record<string, PassingKind>> = {
  initialize: { action: 'initialize', members: ['protocolVersion', 'capabilities', 'clientInfo', '_meta'] },
  ping: { action: 'ping', members: ['_meta'] },
  'tools/list': LIST,
  'resources/list': LIST,
  'resources/templates/list': LIST,
  'prompts/list': LIST,
  'logging/setLevel': { action: 'configure', members: ['level', '_meta'] },
};

/** The notifications that are known; any other is judged like an unknown request. */
const NOTIFICATIONS: Readonly<Record<string, PassingKind>> = {
  'notifications/initialized': { action: 'notify', members: ['_meta'] },
  'notifications/roots/list_changed': { action: 'notify', members: ['_meta'] },
  'notifications/cancelled': { action: 'notify', members: ['requestId', 'reason', '_meta'] },
  'notifications/progress': {
    action: 'notify',
    members: ['progressToken', 'progress', 'total', 'message', '_meta'],
  },
};

/** What a server may ask its client without a decision. */
const SERVER_REQUESTS: Readonly<Record<string, PassingKind>> = {
  ping: { action: 'ping', members: ['_meta'] },
  'roots/list': { action: 'list', members: ['_meta'] },
};

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  ...JUDGED,
  ...Object.keys(REQUESTS),
  ...Object.keys(NOTIFICATIONS),
  ...Object.keys(SERVER_REQUESTS),
]);

/** @returns a method as it may be shown: empty for one that is not known, which is text of its sender's */
export function shownMethod(method: string): string {
  return KNOWN_METHODS.has(method) ? method : '';
}

/** What a message asks for, with the parameters that may go on of it; undefined: all of them. */
export interface Described {
  readonly call: Call;
  readonly params?: Params;
}

/**
 * What a client's request asks for (semantics: MCP methods).
 * @param headers of the request that go on with it
 * @returns undefined when it lacks what its method needs
 */
export function describeRequest(
  { method, params }: Pick<RpcRequest, 'method' | 'params'>,
  bytes: number,
  headers: Params = {},
): Described | undefined {
  return passing(REQUESTS, method, params, bytes, headers) ?? judged(method, params, bytes, headers);
}

/** @returns what a notification asks for; undefined for one that is none: a call does not come without an id */
export function describeNotification(
  { method, params }: RpcNotification,
  bytes: number,
): Described | undefined {
  if (!method.startsWith('notifications/')) return undefined;
  return passing(NOTIFICATIONS, method, params, bytes, {}) ?? { call: unknown(method, params, bytes, {}) };
}

/** @returns what a server asks of its client; undefined when it lacks what its method needs */
export function describeServerRequest({ method, params }: RpcRequest, bytes: number): Described | undefined {
  return passing(SERVER_REQUESTS, method, params, bytes, {}) ?? judged(method, params, bytes, {});
}

/** @returns the parameters of a request whose call policy left these parts of */
export function paramsWith(
  method: string,
  left: { readonly arguments: unknown; readonly beside: unknown },
): Params {
  const members = Object.entries(left.beside ?? {}) as [string, unknown][];
  const beside = Object.fromEntries(members.filter(([name]) => name !== 'headers'));
  return method === 'tools/call'
    ? { ...beside, arguments: left.arguments }
    : { ...(left.arguments as object), ...beside };
}

function passing(
  kinds: Readonly<Record<string, PassingKind>>,
  method: string,
  params: Params,
  bytes: number,
  headers: Params,
): Described | undefined {
  const kind = Object.hasOwn(kinds, method) ? kinds[method] : undefined;
  if (!kind) return undefined;
  const known = Object.fromEntries(
    kind.members.flatMap((name) => (Object.hasOwn(params, name) ? [[name, params[name]]] : [])),
  );
  // A bare ping or notification is no news; one that carries something is.
  const isBare = method === 'ping' || method.startsWith('notifications/');
  const isSilent = isBare && !Object.hasOwn(known, '_meta');
  const beside = withHeaders(known, headers);
  return {
    call: protocolCall(method, kind.action, isSilent ? 'silent' : 'pass', beside, bytes),
    params: known,
  };
}

function judged(method: string, params: Params, bytes: number, headers: Params): Described | undefined {
  const call = callOf(method, params, bytes, headers);
  return call && { call };
}

function callOf(method: string, params: Params, bytes: number, headers: Params): Call | undefined {
  const { uri, name, url } = params;
  switch (method) {
    case 'tools/call':
      return describeTool(params, bytes, headers);
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return typeof uri === 'string' ? named(method, 'read', uri, 'url', params, bytes, headers) : undefined;
    case 'prompts/get':
      return typeof name === 'string'
        ? named(method, 'get', name, 'name', params, bytes, headers)
        : undefined;
    case 'completion/complete':
      return named(method, 'complete', completionTarget(params), 'name', params, bytes, headers);
    case 'sampling/createMessage':
      return named(method, 'sample', '', 'text', params, bytes, headers);
    case 'elicitation/create':
      return named(method, 'elicit', typeof url === 'string' ? url : '', 'url', params, bytes, headers);
    default:
      return unknown(method, params, bytes, headers);
  }
}

function describeTool(params: Params, bytes: number, headers: Params): Call | undefined {
  const { name, arguments: args = {}, ...rest } = params;
  // The result of a task comes later and elsewhere, where the obligations of this call would not hold.
  if (Object.hasOwn(rest, 'task')) return undefined;
  if (typeof name !== 'string' || name === '' || name.length > 256) return undefined;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  return toolCall(name, args, { beside: withHeaders({ name, ...rest }, headers), bytes });
}

function named(
  method: string,
  action: string,
  resource: string,
  targetClass: TargetClass,
  { _meta: meta, ...params }: Params,
  bytes: number,
  headers: Params,
): Call {
  return {
    handling: 'decide',
    toolName: method,
    action,
    actionClass: actionClassOf(action),
    resource,
    targetClass,
    resourceCount: 1,
    arguments: params,
    parameters: params,
    beside: withHeaders(meta === undefined ? {} : { _meta: meta }, headers),
    bytes,
  };
}

function unknown(method: string, params: Params, bytes: number, headers: Params): Call {
  // Its name is text of the caller's too, so it is scanned with what goes beside the parameters.
  const call = named(method, 'unknown', '', 'text', params, bytes, { ...headers, method });
  return { ...call, actionClass: 'unknown' };
}

/** What goes upstream beside the arguments, as scanners see it; null when there is nothing. */
function withHeaders(members: Params, headers: Params): unknown {
  const all = Object.keys(headers).length === 0 ? members : { ...members, headers };
  return Object.keys(all).length === 0 ? null : all;
}

function completionTarget({ ref }: Params): string {
  if (typeof ref !== 'object' || ref === null) return '';
  const { uri, name } = ref as { readonly uri?: unknown; readonly name?: unknown };
  return typeof uri === 'string' ? uri : typeof name === 'string' ? name : '';
}
