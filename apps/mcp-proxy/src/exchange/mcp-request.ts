import { parseStrictJson, STRICT_JSON_LIMITS } from '@behavry/domain';
import type { Exchange } from '@behavry/pipeline';
import { readMessage, type RpcId, type RpcMessage } from '../messages/rpc-message';
import type { McpSession } from '../sessions/session-store';
import { FAULTS, type McpFault } from './mcp-fault';

/** One request as it came, and what became known of it. */
export interface McpRequest {
  readonly exchange: Exchange;
  /** `listen`: a GET that opens the server's stream. */
  readonly kind: 'message' | 'listen';
  readonly body: Buffer;
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly lastEventId: string | undefined;
  readonly trace: Readonly<Record<string, string>>;
  message: RpcMessage | null;
  /** The body as text, forwarded as it is when nothing is changed. */
  text: string;
  session: McpSession | null;
  fault: McpFault | null;
}

/** Reads the body once; later calls find it done. @returns the fault of a body that is no message */
export function readBody(request: McpRequest): McpFault | undefined {
  if (request.message) return undefined;
  const parsed = parseStrictJson(request.body, STRICT_JSON_LIMITS);
  if (!parsed.ok) {
    if (parsed.fault === 'too_large') return FAULTS.tooLarge;
    return parsed.fault === 'not_json' || parsed.fault === 'not_utf8' ? FAULTS.notJson : FAULTS.ambiguous;
  }
  if (Array.isArray(parsed.value)) return FAULTS.batch;
  const message = readMessage(parsed.value);
  if (!message) return FAULTS.noMessage;
  request.message = message;
  request.text = parsed.text;
  return undefined;
}

/** @returns the id under which the client waits for an answer, if the body tells one */
export function idOf(request: McpRequest): RpcId | null {
  if (request.kind === 'message') readBody(request);
  return request.message?.kind === 'request' ? request.message.id : null;
}
