import { refuse, type Exchange } from '@behavry/pipeline';
import { paramsWith } from '../messages/describe-call';
import { messageText, withId } from '../messages/rpc-message';
import { OpenCalls } from '../sessions/open-calls';
import type { McpSession } from '../sessions/session-store';
import { UpstreamSetupError, type SendOptions, type UpstreamSession } from '../upstream/upstream-session';
import { orderOf, withLargeId } from './large-messages';
import { FAULTS, refusalOf } from './mcp-fault';
import type { Incoming, LargeMessage, McpParts, McpRequest } from './mcp-request';
import {
  FAILED,
  lost,
  openStream,
  readAnswer,
  refusedBy,
  tooMany,
  whole,
  type ForwardResult as Result,
} from './read-answer';

type Of<K extends McpRequest['kind']> = Extract<McpRequest, { kind: K }>;

/** Sends a judged request to its server and reads as much of the answer as tells what kind it is. */
export async function forwardToUpstream(
  parts: McpParts,
  incoming: Incoming,
  exchange: Exchange,
  request: McpRequest,
): Promise<Result> {
  const options: SendOptions = {
    signal: exchange.signal,
    protocolVersion: incoming.protocolVersion,
    trace: exchange.traceUpstream === null ? incoming.trace : { traceparent: exchange.traceUpstream },
    requestId: undefined,
  };
  switch (request.kind) {
    case 'open':
      return open(parts, exchange, request, options);
    case 'ask':
      return ask(parts, exchange, request, options);
    case 'ask_large':
      return askLarge(parts, incoming, exchange, request, options);
    case 'tell':
      return tell(request, options);
    case 'listen':
      return listen(parts, exchange, request, options);
    case 'end':
      await parts.sessions.end(request.session);
      return whole({ type: 'ended' }, null, 0);
  }
}

async function open(
  parts: McpParts,
  exchange: Exchange,
  { message, params }: Of<'open'>,
  options: SendOptions,
): Promise<Result> {
  const { identity, config } = exchange;
  const server = config?.server(exchange.serverId);
  if (!identity || !server) return FAILED;
  const { agentId, tenantId, sessionId: tokenSessionId, issuedAt: tokenIssuedAt } = identity;
  // Both before anything is started: a process is dear.
  const slot = parts.guard.slots.take(`open:${agentId}`, parts.opensPerAgent);
  const place = slot && parts.sessions.reserve(agentId);
  let upstream: UpstreamSession | undefined;
  let isKept = false;
  try {
    if (!place) return refusedBy(tooMany('sessions'));
    upstream = await connect(parts, exchange);
    if (!upstream) return FAILED;
    const calls = new OpenCalls();
    const call = { clientId: message.id, method: message.method, exchange };
    const requestId = calls.open(call);
    const text = messageText(requestId, message.method, outboundParams(exchange, params));
    const answer = await upstream.send(text, { ...options, requestId });
    const result = await readAnswer(parts, exchange, { calls, requestId }, answer);
    if (result.kind === 'message' && result.outcome === 'ok' && result.payload.type === 'answer') {
      const session = place.fill({
        agentId,
        tenantId,
        tokenSessionId,
        tokenIssuedAt,
        server,
        upstream,
        calls,
      });
      isKept = true;
      return { ...result, payload: { ...result.payload, session } };
    }
    return result.kind === 'stream' ? FAILED : result;
  } finally {
    if (!isKept) await upstream?.close();
    place?.release();
    slot?.();
  }
}

async function connect(
  parts: McpParts,
  { config, serverId }: Exchange,
): Promise<UpstreamSession | undefined> {
  const server = config?.server(serverId);
  try {
    return server && (await parts.upstreams.open(server));
  } catch (error) {
    if (!(error instanceof UpstreamSetupError)) throw error;
    parts.log.error({ err: error, server: serverId }, 'a server cannot be reached as it is registered');
    return undefined;
  }
}

async function ask(
  parts: McpParts,
  exchange: Exchange,
  { session, message, text, params }: Of<'ask'>,
  options: SendOptions,
): Promise<Result> {
  const { calls } = session;
  const requestId = calls.open({ clientId: message.id, method: message.method, exchange });
  const changed = params ?? (exchange.outbound.isChanged ? message.params : undefined);
  if (exchange.outbound.isChanged && isRenamed(exchange)) {
    calls.close(requestId);
    return refusedBy(RENAMED);
  }
  const outbound =
    changed === undefined
      ? withId(text, message, requestId)
      : messageText(requestId, message.method, outboundParams(exchange, params, message.method));
  return sendAndRead(parts, exchange, session, outbound, { ...options, requestId });
}

/** The same for a request that was read in a thread; what policy wants taken out is taken out there too. */
async function askLarge(
  parts: McpParts,
  { trace }: Incoming,
  exchange: Exchange,
  { session, id, method, message }: Of<'ask_large'>,
  options: SendOptions,
): Promise<Result> {
  let outbound: LargeMessage = message;
  if (exchange.outbound.isChanged) {
    const { bytes } = message;
    const order = orderOf(exchange, bytes.length, 'outbound');
    const result = await parts.large.run('redact', { bytes, headers: trace }, order);
    if (!result.ok) return refusedBy(result.refusal);
    if (result.value.isRenamed) return refusedBy(RENAMED);
    outbound = result.value;
  }
  const requestId = session.calls.open({ clientId: id, method, exchange });
  return sendAndRead(parts, exchange, session, withLargeId(outbound, requestId), { ...options, requestId });
}

const RENAMED = refuse('obligation_unkept', 'what policy wants taken out is the name of the tool itself');

async function sendAndRead(
  parts: McpParts,
  exchange: Exchange,
  session: McpSession,
  outbound: string | Uint8Array,
  options: SendOptions & { readonly requestId: number },
): Promise<Result> {
  const { calls, upstream } = session;
  const { requestId } = options;
  const answer = await upstream.send(outbound, options);
  const result = await readAnswer(parts, exchange, { calls, requestId, session }, answer);
  if (result.kind === 'failed' && result.fault === 'client_aborted') calls.leave(requestId);
  else if (result.kind !== 'stream') calls.close(requestId);
  return result;
}

/** The parameters that go on: what is known of them, or what policy left of them. */
function outboundParams(exchange: Exchange, known: unknown, method?: string): unknown {
  const { outbound } = exchange;
  return outbound.isChanged ? paramsWith(method ?? '', outbound) : known;
}

function isRenamed({ outbound, call }: Exchange): boolean {
  const { name } = (outbound.beside ?? {}) as { readonly name?: unknown };
  return name !== undefined && name !== call?.toolName;
}

async function tell({ session, text, answers }: Of<'tell'>, options: SendOptions): Promise<Result> {
  if (answers !== undefined) session.calls.answered(answers);
  const answer = text === undefined ? undefined : await session.upstream.send(text, options);
  switch (answer?.kind) {
    case 'failed':
      return answer;
    case 'session_lost':
      return refusedBy(refusalOf(FAULTS.unknownSession));
    case 'events':
      void answer.events[Symbol.asyncIterator]().return?.();
      return whole({ type: 'accepted' }, null, 0);
    case undefined:
    case 'accepted':
    case 'message':
    case 'unsupported':
      return whole({ type: 'accepted' }, null, 0);
  }
}

async function listen(
  parts: McpParts,
  exchange: Exchange,
  { session, lastEventId }: Of<'listen'>,
  options: SendOptions,
): Promise<Result> {
  const answer = await session.upstream.listen(lastEventId, options);
  switch (answer.kind) {
    case 'events':
      return openStream(parts, exchange, {
        type: 'events',
        session,
        callId: undefined,
        events: answer.events,
      });
    case 'session_lost':
      return lost(parts, session);
    case 'failed':
      return answer;
    case 'unsupported':
      return refusedBy(refusalOf(FAULTS.noStream));
    case 'accepted':
    case 'message':
      return FAILED;
  }
}
