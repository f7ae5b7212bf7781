import { JSON_RPC } from '@behavry/contracts';
import {
  Exchange,
  judgeCall,
  refusalFor,
  scanInbound,
  type Refusal,
  type Settlement,
} from '@behavry/pipeline';
import { describeRequest } from '../messages/describe-call';
import { errorText, idKey, parseMessage, type RpcId, type RpcMessage } from '../messages/rpc-message';
import { faultOf } from '../upstream/http-upstream';
import type { UpstreamEvent } from '../upstream/upstream-session';
import { filterList, withContent } from './forward';
import { rpcCodeOf } from './mcp-fault';
import type { McpParts } from './mcp-parts';
import type { McpRequest } from './mcp-request';

/** Where events go; `write` resolves when the client can take more. */
export interface EventSink {
  write(event: UpstreamEvent): Promise<void>;
}

/** What a refused message is replaced with. */
export function refusalData(exchange: Exchange, refusal: Refusal): object {
  const { reason, reasonCode, policy, escalationId } = refusal;
  return {
    reason,
    reason_code: reasonCode,
    policy,
    decision_id: exchange.id,
    ...(escalationId === null ? {} : { escalation_id: escalationId }),
  };
}

/** @returns a refusal as a JSON-RPC error answer (surface: bodies) */
export function refusalText(exchange: Exchange, id: RpcId | null, refusal: Refusal): string {
  return errorText(id, rpcCodeOf(refusal), refusal.reason, refusalData(exchange, refusal));
}

/**
 * Passes a server's events to the client, each message judged by itself: answers and news are scanned,
 * requests of the server are decided. Settles the exchange when the stream ends, however it ends.
 */
export async function relayEvents(
  parts: McpParts,
  request: McpRequest,
  events: AsyncIterable<UpstreamEvent>,
  sink: EventSink,
): Promise<void> {
  const { exchange } = request;
  let settlement: Settlement = { outcome: 'ok', responseCode: 200, error: null };
  let isAnswered = request.kind === 'listen';
  try {
    for await (const event of events) {
      if (exchange.stopReason) break;
      const relayed = await relayOne(parts, request, event);
      if (relayed.event) await sink.write(relayed.event);
      settlement = relayed.settlement ?? settlement;
      isAnswered ||= relayed.isAnswer;
    }
  } catch (error) {
    const fault = faultOf(error, exchange.signal);
    settlement = {
      outcome: fault === 'client_aborted' ? 'aborted' : 'upstream_error',
      responseCode: null,
      error: fault,
    };
  }
  if (exchange.stopReason) settlement = await endStopped(request, sink, isAnswered);
  else if (!isAnswered && settlement.error !== null) {
    await sink.write({
      text: errorText(requestId(request), JSON_RPC.unavailable, 'the server failed', {
        reason_code: settlement.error,
        decision_id: exchange.id,
      }),
    });
  }
  exchange.settle(settlement);
}

interface Relayed {
  readonly event: UpstreamEvent | undefined;
  readonly isAnswer: boolean;
  readonly settlement?: Settlement;
}

const DROPPED: Relayed = { event: undefined, isAnswer: false };

async function relayOne(parts: McpParts, request: McpRequest, event: UpstreamEvent): Promise<Relayed> {
  if (event.text === '') return { event, isAnswer: false };
  const message = parseMessage(event.text);
  switch (message?.kind) {
    case undefined:
      return DROPPED; // no client could read it either
    case 'response':
      return relayAnswer(parts, request, event, message);
    case 'request':
      return relayServerRequest(parts, request, event, message);
    case 'notification': {
      const scanned = scanInbound(request.exchange, message.params, Buffer.byteLength(event.text));
      if (!scanned.passes) return DROPPED;
      if (!scanned.isChanged) return { event, isAnswer: false };
      const text = JSON.stringify({ jsonrpc: '2.0', method: message.method, params: scanned.value });
      return { event: { ...event, text }, isAnswer: false };
    }
  }
}

async function relayAnswer(
  parts: McpParts,
  request: McpRequest,
  event: UpstreamEvent,
  answer: Extract<RpcMessage, { kind: 'response' }>,
): Promise<Relayed> {
  const { exchange, message } = request;
  // On the listening stream an answer can only be one that a broken stream left over.
  if (request.kind === 'message' && answer.id !== requestId(request)) return DROPPED;
  const scanned = scanInbound(exchange, answer.content, Buffer.byteLength(event.text));
  if (!scanned.passes) {
    const { reasonCode } = scanned.refusal;
    return {
      event: { ...event, text: refusalText(exchange, answer.id, scanned.refusal) },
      isAnswer: true,
      settlement: { outcome: 'refused', responseCode: rpcCodeOf(scanned.refusal), error: reasonCode },
    };
  }
  let text = scanned.isChanged ? withContent(request, answer.isError, scanned.value) : event.text;
  if (message?.kind === 'request') {
    const filtered = await filterList(parts, exchange, message.method, answer);
    if (filtered === 'undecided') throw new Error('policy could not be asked about a list');
    text = filtered ?? text;
  }
  return {
    event: { ...event, text },
    isAnswer: true,
    settlement: {
      outcome: answer.isError ? 'upstream_error' : 'ok',
      responseCode: 200,
      error: answer.isError ? 'upstream_error' : null,
    },
  };
}

async function relayServerRequest(
  parts: McpParts,
  request: McpRequest,
  event: UpstreamEvent,
  asked: Extract<RpcMessage, { kind: 'request' }>,
): Promise<Relayed> {
  const { session, exchange } = request;
  if (!session) return DROPPED;
  const refusal = await judgeServerRequest(parts, exchange, asked);
  if (!refusal) {
    session.serverRequests.add(idKey(asked.id));
    return { event, isAnswer: false };
  }
  await session.upstream.send(errorText(asked.id, rpcCodeOf(refusal), refusal.reason), {
    signal: exchange.signal,
    protocolVersion: request.protocolVersion,
    trace: {},
  });
  return DROPPED;
}

async function judgeServerRequest(
  parts: McpParts,
  exchange: Exchange,
  asked: Extract<RpcMessage, { kind: 'request' }>,
): Promise<Refusal | undefined> {
  const call = describeRequest(asked);
  if (!call) return refusalFor('client_aborted');
  if (call.handling !== 'decide') return undefined;
  const inner = new Exchange({
    id: parts.makeId(),
    kind: 'mcp',
    startedAt: parts.guard.now(),
    token: undefined,
    serverId: exchange.serverId,
    model: '',
    parent: exchange,
  });
  return judgeCall(parts.guard, inner, call);
}

async function endStopped(request: McpRequest, sink: EventSink, isAnswered: boolean): Promise<Settlement> {
  const { exchange } = request;
  const reason = exchange.stopReason ?? 'client_aborted';
  if (reason !== 'client_aborted' && !isAnswered) {
    await sink.write({ text: refusalText(exchange, requestId(request), refusalFor(reason)) });
  }
  return { outcome: 'aborted', responseCode: null, error: reason };
}

function requestId(request: McpRequest): RpcId | null {
  return request.message?.kind === 'request' ? request.message.id : null;
}
