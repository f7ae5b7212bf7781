import { isObject } from '@behavry/contracts';
import { previewCalls, type Exchange, type Forwarded } from '@behavry/pipeline';
import { listedItems } from '../messages/list-filter';
import { errorText, parseMessage, type RpcMessage } from '../messages/rpc-message';
import {
  UpstreamSetupError,
  type SendOptions,
  type UpstreamAnswer,
  type UpstreamEvent,
  type UpstreamSession,
} from '../upstream/upstream-session';
import { faultOf } from '../upstream/http-upstream';
import { FAULTS } from './mcp-fault';
import type { McpPayload } from './mcp-payload';
import type { McpParts } from './mcp-parts';
import type { McpRequest } from './mcp-request';
import { peekAnswer } from './peek-answer';

const FAILED = { kind: 'failed', fault: 'upstream_error' } as const;

/** Sends a judged request to its server and reads as much of the answer as tells what kind it is. */
export async function forwardToUpstream(
  parts: McpParts,
  request: McpRequest,
  exchange: Exchange,
): Promise<Forwarded<McpPayload>> {
  const options: SendOptions = {
    signal: exchange.signal,
    protocolVersion: request.protocolVersion,
    trace: request.trace,
  };
  if (request.kind === 'listen') return listen(parts, request, options);
  const { message, session } = request;
  if (message?.kind === 'request' && message.method === 'initialize')
    return initialize(parts, request, exchange, options);
  if (!message || !session) return FAILED;
  const answer = await session.upstream.send(outboundText(request, exchange), options);
  return read(parts, request, exchange, answer);
}

async function initialize(
  parts: McpParts,
  request: McpRequest,
  exchange: Exchange,
  options: SendOptions,
): Promise<Forwarded<McpPayload>> {
  const { identity, config } = exchange;
  const server = config?.server(exchange.serverId);
  if (!identity || !server) return FAILED;
  let upstream: UpstreamSession;
  try {
    upstream = await parts.upstreams.open(server);
  } catch (error) {
    if (!(error instanceof UpstreamSetupError)) throw error;
    parts.log.error({ err: error, server: server.id }, 'a server cannot be reached as it is registered');
    return FAILED;
  }
  const forwarded = await read(parts, request, exchange, await upstream.send(request.text, options));
  if (forwarded.kind !== 'message' || forwarded.outcome !== 'ok' || forwarded.payload.type !== 'text') {
    await upstream.close();
    return forwarded.kind === 'stream' ? FAILED : forwarded;
  }
  const { agentId, tenantId, sessionId: tokenSessionId } = identity;
  const session = parts.sessions.add({ agentId, tenantId, tokenSessionId, server, upstream });
  return { ...forwarded, payload: { ...forwarded.payload, sessionId: session.id } };
}

async function listen(
  parts: McpParts,
  request: McpRequest,
  options: SendOptions,
): Promise<Forwarded<McpPayload>> {
  const answer = await request.session?.upstream.listen(request.lastEventId, options);
  if (answer?.kind === 'events')
    return { kind: 'stream', payload: { type: 'events', events: answer.events } };
  if (answer?.kind === 'session_lost') return lost(parts, request);
  if (answer?.kind === 'unsupported') request.fault = FAULTS.noStream;
  return answer?.kind === 'failed' ? answer : FAILED;
}

async function read(
  parts: McpParts,
  request: McpRequest,
  exchange: Exchange,
  answer: UpstreamAnswer,
): Promise<Forwarded<McpPayload>> {
  switch (answer.kind) {
    case 'accepted':
      // Nothing came back; for a request that is a failure.
      return request.message?.kind === 'request' ? FAILED : whole({ type: 'accepted' }, null, 0);
    case 'message':
      return readWhole(parts, request, exchange, answer.text);
    case 'events':
      return readEvents(parts, request, exchange, answer.events);
    case 'session_lost':
      return lost(parts, request);
    case 'unsupported':
      return FAILED;
    case 'failed':
      return answer;
  }
}

async function readEvents(
  parts: McpParts,
  request: McpRequest,
  exchange: Exchange,
  events: AsyncIterable<UpstreamEvent>,
): Promise<Forwarded<McpPayload>> {
  try {
    const peeked = await peekAnswer(events, request.message);
    return peeked.answer === undefined
      ? { kind: 'stream', payload: { type: 'events', events: peeked.events } }
      : await readWhole(parts, request, exchange, peeked.answer);
  } catch (error) {
    return { kind: 'failed', fault: faultOf(error, exchange.signal) };
  }
}

async function readWhole(
  parts: McpParts,
  request: McpRequest,
  exchange: Exchange,
  text: string,
): Promise<Forwarded<McpPayload>> {
  const { message } = request;
  const answered = parseMessage(text);
  if (message?.kind !== 'request') return whole({ type: 'accepted' }, null, 0);
  if (answered?.kind !== 'response' || answered.id !== message.id) return FAILED;
  const filtered = await filterList(parts, exchange, message.method, answered);
  if (filtered === 'undecided') return FAILED;
  const final = filtered ?? text;
  const { content, isError } = answered;
  return whole(
    { type: 'text', text: final },
    filtered === undefined ? content : contentOf(final),
    Buffer.byteLength(final),
    isError,
  );
}

/**
 * Hides what policy denies from a list.
 * @returns the new text, undefined when nothing changes, `undecided` when policy could not be asked
 */
export async function filterList(
  parts: McpParts,
  exchange: Exchange,
  method: string,
  answered: Extract<RpcMessage, { kind: 'response' }>,
): Promise<string | undefined> {
  const listed = answered.isError ? undefined : listedItems(method, answered.content);
  if (!listed || !isObject(answered.content)) return undefined;
  const callable = listed.items.flatMap(({ item, call }) => (call ? [{ item, call }] : []));
  const previews = await previewCalls(
    parts.guard,
    exchange,
    callable.map(({ call }) => call),
  );
  if (previews.includes('unknown')) return 'undecided';
  const visible = callable.filter((_one, index) => previews[index] === 'visible').map(({ item }) => item);
  if (visible.length === listed.items.length) return undefined;
  const result = { ...answered.content, [listed.member]: visible };
  return JSON.stringify({ jsonrpc: '2.0', id: answered.id, result });
}

function outboundText(request: McpRequest, exchange: Exchange): string {
  const { message } = request;
  if (!exchange.isOutboundChanged || message?.kind !== 'request') return request.text;
  const { id, method, params } = message;
  const changed =
    method === 'tools/call'
      ? { ...params, arguments: exchange.outboundArguments }
      : exchange.outboundArguments;
  return JSON.stringify({ jsonrpc: '2.0', id, method, params: changed });
}

function lost(parts: McpParts, request: McpRequest): Forwarded<McpPayload> {
  if (request.session) void parts.sessions.end(request.session);
  request.fault = FAULTS.unknownSession;
  return FAILED;
}

function whole(payload: McpPayload, value: unknown, bytes: number, isError = false): Forwarded<McpPayload> {
  const outcome = isError ? 'upstream_error' : 'ok';
  return { kind: 'message', payload, value, bytes, outcome, responseCode: 200 };
}

function contentOf(text: string): unknown {
  const message = parseMessage(text);
  return message?.kind === 'response' ? message.content : null;
}

/** @returns the answer with new content, as text */
export function withContent(request: McpRequest, isError: boolean, content: unknown): string {
  const id = request.message?.kind === 'request' ? request.message.id : null;
  if (isError && isObject(content)) return JSON.stringify({ jsonrpc: '2.0', id, error: content });
  return isError
    ? errorText(id, -32603, 'upstream error')
    : JSON.stringify({ jsonrpc: '2.0', id, result: content });
}
