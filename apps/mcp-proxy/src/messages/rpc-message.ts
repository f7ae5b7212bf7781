import { isObject } from '@behavry/contracts';

/** A JSON-RPC id (MCP: string or integer, never null). */
export type RpcId = string | number;

export type RpcMessage =
  | {
      readonly kind: 'request';
      readonly id: RpcId;
      readonly method: string;
      readonly params: Record<string, unknown>;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Record<string, unknown> }
  | { readonly kind: 'response'; readonly id: RpcId; readonly isError: boolean; readonly content: unknown };

const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const PARAMETERS = ['name', 'arguments', 'uri', 'ref', 'argument', '_meta', 'cursor', 'task'];
const MAX_ID_CHARACTERS = 256;
const INVISIBLE = /[\p{Cc}\p{Cf}\s]/gu;

/**
 * Reads a message strictly: only the exact names of the envelope count, and names that a careless reader
 * would take for them (other case, look-alikes, control characters) are refused.
 * @returns undefined for what is no single JSON-RPC 2.0 message
 */
export function readMessage(value: unknown): RpcMessage | undefined {
  if (!isObject(value) || value['jsonrpc'] !== '2.0' || hasImpostor(value, ENVELOPE)) return undefined;
  const { id, method } = value;
  if (Object.hasOwn(value, 'method')) {
    const params = Object.hasOwn(value, 'params') ? value['params'] : {};
    if (typeof method !== 'string' || method === '' || method.length > 256 || !isObject(params))
      return undefined;
    if (Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error') || hasImpostor(params, PARAMETERS))
      return undefined;
    if (!Object.hasOwn(value, 'id')) return { kind: 'notification', method, params };
    return isId(id) ? { kind: 'request', id, method, params } : undefined;
  }
  const isError = Object.hasOwn(value, 'error');
  if (isError === Object.hasOwn(value, 'result') || !isId(id)) return undefined;
  return { kind: 'response', id, isError, content: isError ? value['error'] : value['result'] };
}

/** @returns the message of a text from an upstream, undefined when it is none */
export function parseMessage(text: string): RpcMessage | undefined {
  try {
    return readMessage(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** @returns a key that keeps `1` and `"1"` apart */
export function idKey(id: RpcId): string {
  return `${typeof id}:${String(id)}`;
}

/** @returns the text of a JSON-RPC error answer */
export function errorText(id: RpcId | null, code: number, message: string, data?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data ? { data } : {}) } });
}

function isId(id: unknown): id is RpcId {
  return (typeof id === 'string' && id.length <= MAX_ID_CHARACTERS) || Number.isSafeInteger(id);
}

function hasImpostor(object: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return Object.keys(object).some((key) => !names.includes(key) && names.includes(plain(key)));
}

function plain(key: string): string {
  return key.normalize('NFKC').replace(INVISIBLE, '').toLowerCase();
}
