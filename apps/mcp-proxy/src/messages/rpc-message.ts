import { isObject } from '@behavry/contracts';
import { memberSpan, parseStrictJson, type JsonFault } from '@behavry/domain';

/** A JSON-RPC id (MCP: string or integer, never null). */
export type RpcId = string | number;

interface Envelope {
  /** Whether the message has the members of its kind and no other: only then may its text go on as it came. */
  readonly isPlain: boolean;
}
export interface RpcRequest extends Envelope {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: Record<string, unknown>;
}
export interface RpcNotification extends Envelope {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: Record<string, unknown>;
}
export interface RpcResponse extends Envelope {
  readonly kind: 'response';
  readonly id: RpcId;
  readonly isError: boolean;
  readonly content: unknown;
}
export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/** A message with the text it was read from. */
export interface ReadMessage {
  readonly ok: true;
  readonly message: RpcMessage;
  readonly text: string;
}

export type MessageFault = JsonFault | 'batch' | 'no_message';

const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const PARAMETERS = ['name', 'arguments', 'uri', 'ref', 'argument', '_meta', 'cursor', 'task'];
/** Of an id that is a text. */
export const MAX_ID_CHARACTERS = 256;
const MAX_DEPTH = 64;
const INVISIBLE = /[\p{Cc}\p{Cf}\s]/gu;

/** Reads a client's message so that nobody behind us can read it differently. */
export function readBody(
  body: Uint8Array,
  maxBytes: number,
): ReadMessage | { readonly ok: false; readonly fault: MessageFault } {
  const parsed = parseStrictJson(body, { maxBytes, maxDepth: MAX_DEPTH });
  if (!parsed.ok) return parsed;
  if (Array.isArray(parsed.value)) return { ok: false, fault: 'batch' };
  const message = readMessage(parsed.value);
  return message ? { ok: true, message, text: parsed.text } : { ok: false, fault: 'no_message' };
}

/**
 * Reads a message of an upstream, as strictly but for numbers, whose text the client gets as it came.
 * @returns undefined for what is none
 */
export function parseMessage(text: string): RpcMessage | undefined {
  const parsed = parseStrictJson(text, { maxBytes: Infinity, maxDepth: MAX_DEPTH, allowsInexact: true });
  return parsed.ok ? readMessage(parsed.value) : undefined;
}

/**
 * Reads a message strictly: only the exact names of the envelope count, and names that a careless reader
 * would take for them (other case, look-alikes, control characters) are refused.
 * @returns undefined for what is no single JSON-RPC 2.0 message
 */
export function readMessage(value: unknown): RpcMessage | undefined {
  if (!isObject(value) || value['jsonrpc'] !== '2.0' || hasImpostor(value, ENVELOPE)) return undefined;
  const { id, method } = value;
  const isPlain = Object.keys(value).every((name) => ENVELOPE.includes(name));
  if (Object.hasOwn(value, 'method')) {
    const params = Object.hasOwn(value, 'params') ? value['params'] : {};
    if (typeof method !== 'string' || method === '' || method.length > 256 || !isObject(params))
      return undefined;
    if (Object.hasOwn(value, 'result') || Object.hasOwn(value, 'error') || hasImpostor(params, PARAMETERS))
      return undefined;
    if (!Object.hasOwn(value, 'id')) return { kind: 'notification', method, params, isPlain };
    return isId(id) ? { kind: 'request', id, method, params, isPlain } : undefined;
  }
  const isError = Object.hasOwn(value, 'error');
  if (isError === Object.hasOwn(value, 'result') || !isId(id)) return undefined;
  const content = isError ? value['error'] : value['result'];
  return { kind: 'response', id, isError, content, isPlain };
}

/**
 * A message with another id: every hop counts its own (MCP, intermediaries). Byte for byte as it came otherwise, unless
 * it holds members that nobody looked at.
 */
export function withId(text: string, message: RpcRequest | RpcResponse, id: RpcId): string {
  if (!message.isPlain) {
    return message.kind === 'request'
      ? messageText(id, message.method, message.params)
      : answerText(id, message.isError, message.content);
  }
  const span = memberSpan(text, 'id');
  if (!span) throw new Error('a message without an id is given one');
  return `${text.slice(0, span[0])}${JSON.stringify(id)}${text.slice(span[1])}`;
}

/** @returns a request or notification as text */
export function messageText(id: RpcId | undefined, method: string, params: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', ...(id === undefined ? {} : { id }), method, params });
}

/** @returns an answer as text */
export function answerText(id: RpcId, isError: boolean, content: unknown): string {
  return JSON.stringify({ jsonrpc: '2.0', id, [isError ? 'error' : 'result']: content });
}

/** @returns the text of a JSON-RPC error answer */
export function errorText(id: RpcId | null, code: number, message: string, data?: object): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data ? { data } : {}) } });
}

/** @returns a key that keeps `1` and `"1"` apart */
export function idKey(id: RpcId): string {
  return `${typeof id}:${String(id)}`;
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
