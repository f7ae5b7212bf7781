import { actionClassOf } from '@behavry/domain';
import { protocolCall, toolCall, type Call } from '@behavry/pipeline';
import type { RpcMessage } from './rpc-message';

/** Lists and their like: they pass, and what policy denies is hidden from them. */
const PASSING: Readonly<Record<string, string>> = {
  initialize: 'initialize',
  'tools/list': 'list',
  'resources/list': 'list',
  'resources/templates/list': 'list',
  'prompts/list': 'list',
  'roots/list': 'list',
  'logging/setLevel': 'configure',
};

/**
 * What a request asks for (semantics: MCP methods).
 * @returns undefined when it lacks what its method needs
 */
export function describeRequest(message: Extract<RpcMessage, { kind: 'request' }>): Call | undefined {
  const { method, params } = message;
  if (method === 'ping') return protocolCall(method, 'ping', 'silent');
  const passing = Object.hasOwn(PASSING, method) ? PASSING[method] : undefined;
  if (passing !== undefined) return protocolCall(method, passing, 'pass');
  switch (method) {
    case 'tools/call':
      return describeTool(params);
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return typeof params['uri'] === 'string' ? named(method, 'read', params['uri'], params) : undefined;
    case 'prompts/get':
      return typeof params['name'] === 'string' ? named(method, 'get', params['name'], params) : undefined;
    case 'completion/complete':
      return named(method, 'complete', completionTarget(params), params);
    case 'sampling/createMessage':
      return named(method, 'sample', '', params);
    case 'elicitation/create':
      return named(method, 'elicit', typeof params['url'] === 'string' ? params['url'] : '', params);
    default:
      return { ...named(method, 'unknown', '', params), actionClass: 'unknown' };
  }
}

/** The parts of a decided request that rules do not see as arguments, yet reach the upstream. */
export function unjudgedParts(message: Extract<RpcMessage, { kind: 'request' }>): unknown {
  if (message.method !== 'tools/call') return null;
  const rest = { ...message.params };
  delete rest['arguments'];
  return rest;
}

function describeTool(params: Readonly<Record<string, unknown>>): Call | undefined {
  const { name, arguments: args = {} } = params;
  if (typeof name !== 'string' || name === '' || name.length > 256) return undefined;
  if (typeof args !== 'object' || args === null || Array.isArray(args)) return undefined;
  return toolCall(name, args);
}

function named(
  method: string,
  action: string,
  resource: string,
  params: Readonly<Record<string, unknown>>,
): Call {
  return {
    handling: 'decide',
    toolName: method,
    action,
    actionClass: actionClassOf(action),
    resource,
    resourceCount: 1,
    arguments: params,
  };
}

function completionTarget(params: Readonly<Record<string, unknown>>): string {
  const { ref } = params;
  if (typeof ref !== 'object' || ref === null) return '';
  const { uri, name } = ref as { readonly uri?: unknown; readonly name?: unknown };
  return typeof uri === 'string' ? uri : typeof name === 'string' ? name : '';
}
