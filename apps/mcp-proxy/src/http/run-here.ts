import type { FastifyReply, FastifyRequest } from 'fastify';
import { runExchange, type Exchange } from '@behavry/pipeline';
import { bodyOf, DECISION_HEADER, headerOf, startExchange } from '@behavry/proxy';
import { McpAdapter } from '../exchange/mcp-adapter';
import type { McpFault } from '../exchange/mcp-fault';
import { RequestBody, type Incoming, type McpAnswer, type McpParts } from '../exchange/mcp-request';
import { relayEvents } from '../exchange/relay';
import { sendResult } from './answers';
import { SseWriter } from './sse-writer';

const KIND_OF: Readonly<Record<string, Incoming['kind']>> = { GET: 'listen', DELETE: 'end' };

/** Runs the exchange of a request in this process. @param token the agent's */
export async function runHere(
  parts: McpParts,
  request: FastifyRequest,
  reply: FastifyReply,
  token: string | undefined,
): Promise<FastifyReply> {
  const { serverId } = request.params as { readonly serverId: string };
  const exchange = startExchange(parts, reply, {
    kind: 'mcp',
    token,
    serverId,
  });
  const incoming = incomingOf(request, parts.maxBodyBytes);
  reply.header(DECISION_HEADER, exchange.id);
  const result = await runExchange<unknown, McpAnswer, McpFault>(
    parts.guard,
    exchange,
    new McpAdapter(parts, incoming),
  );
  if (result.type !== 'stream') return sendResult(reply, incoming, exchange, result);
  if (result.payload.type === 'events') await sendStream(parts, incoming, exchange, reply, result.payload);
  return reply;
}

async function sendStream(
  parts: McpParts,
  incoming: Incoming,
  exchange: Exchange,
  reply: FastifyReply,
  stream: Extract<McpAnswer, { type: 'events' }>,
): Promise<void> {
  reply.hijack();
  const writer = new SseWriter(reply.raw, { [DECISION_HEADER]: exchange.id });
  try {
    await relayEvents(parts, incoming, exchange, stream, writer);
  } finally {
    writer.end(parts.shutdown.hasBegun);
  }
}

function incomingOf(request: FastifyRequest, maxBodyBytes: number): Incoming {
  return {
    kind: KIND_OF[request.method] ?? 'message',
    body: new RequestBody(bodyOf(request), maxBodyBytes),
    sessionId: headerOf(request, 'mcp-session-id'),
    protocolVersion: headerOf(request, 'mcp-protocol-version'),
    lastEventId: headerOf(request, 'last-event-id'),
    trace: traceOf(request),
  };
}

const TRACE_PARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Trace context in its own form (W3C Trace Context); `tracestate` is text of the caller's, and scanned with the call. */
function traceOf(request: FastifyRequest): Record<string, string> {
  const parent = headerOf(request, 'traceparent');
  if (parent === undefined || !TRACE_PARENT.test(parent)) return {};
  const state = headerOf(request, 'tracestate');
  return state === undefined || state.length > 512
    ? { traceparent: parent }
    : { traceparent: parent, tracestate: state };
}
