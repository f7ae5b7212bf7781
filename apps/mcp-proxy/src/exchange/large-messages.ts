import {
  LARGE_BYTES,
  scannedOfFacts,
  type Exchange,
  type JobOrder,
  type Refusal,
  type Scanned,
} from '@behavry/pipeline';
import type { LargeAnswer } from '../large/mcp-jobs';
import { isFiltered } from '../messages/list-filter';
import { parseMessage, type RpcId, type RpcMessage } from '../messages/rpc-message';
import type { LargeMessage, McpParts } from './mcp-request';

/** An answer that was read and scanned in a thread. */
export interface LargeResponse {
  readonly kind: 'large';
  readonly id: RpcId;
  readonly isError: boolean;
  readonly scanned: Scanned;
  /** @returns the answer's text, or what a scan left of it, under another id */
  textFor(id: RpcId): string;
}

/** One that could not be read: nobody knows what it answers. */
export interface UnreadMessage {
  readonly kind: 'unread';
  readonly refusal: Refusal;
}

export type ServerMessage = RpcMessage | LargeResponse | UnreadMessage;

/**
 * Reads a message of a server: a large one beside the event loop, apart from lists, whose items policy is asked about,
 * and from what is no answer.
 * @param exchange whose obligations hold for it
 */
export async function readFromServer(
  parts: McpParts,
  exchange: Exchange,
  text: string,
): Promise<ServerMessage | undefined> {
  if (text.length <= LARGE_BYTES || isFiltered(exchange.call?.toolName ?? '')) return parseMessage(text);
  const redacts = exchange.hasObligation('redact_inbound');
  const order = orderOf(exchange, text.length, 'inbound');
  const result = await parts.large.run('answer', { text, redacts }, order);
  if (!result.ok) return { kind: 'unread', refusal: result.refusal };
  return result.value.kind === 'other' ? parseMessage(text) : largeResponse(text, result.value);
}

/** @returns whose turn a job is, and what it takes */
export function orderOf(exchange: Exchange, size: number, direction: JobOrder['direction']): JobOrder {
  const { identity, config } = exchange;
  if (!identity || !config) throw new Error('a message was read before its agent was known');
  return { agentId: identity.agentId, scan: config.scan, size, direction, span: exchange.span };
}

function largeResponse(
  text: string,
  { id, isError, scanned, text: told, from, to }: Extract<LargeAnswer, { kind: 'response' }>,
): LargeResponse {
  const content = told ?? text;
  return {
    kind: 'large',
    id,
    isError,
    scanned: scannedOfFacts(scanned),
    textFor: (other) => `${content.slice(0, from)}${JSON.stringify(other)}${content.slice(to)}`,
  };
}

/** @returns the bytes of a large message under another id */
export function withLargeId({ bytes, from, to }: LargeMessage, id: RpcId): Uint8Array {
  return Buffer.concat([bytes.subarray(0, from), Buffer.from(JSON.stringify(id)), bytes.subarray(to)]);
}
