import { refuse, type Exchange, type Forwarded, type Refusal } from '@behavry/pipeline';
import { faultOf } from '@behavry/proxy';
import { filterList } from '../messages/list-filter';
import { messageText, parseMessage, withId, type RpcMessage } from '../messages/rpc-message';
import { OpenCalls } from '../sessions/open-calls';
import type { McpSession } from '../sessions/session-store';
import {
  UpstreamSetupError,
  type SendOptions,
  type UpstreamAnswer,
  type UpstreamSession,
} from '../upstream/upstream-session';
import { FAULTS, refusalOf, type McpFault } from './mcp-fault';
import type { Incoming, McpAnswer, McpParts, McpRequest } from './mcp-request';
import { peekAnswer } from './peek-answer';

type Result = Forwarded<McpAnswer, McpFault>;
type Of<K extends McpRequest['kind']> = Extract<McpRequest, { kind: K }>;

const FAILED = { kind: 'failed', fault: 'upstream_error' } as const;

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
    trace: incoming.trace,
    requestId: undefined,
  };
  switch (request.kind) {
    case 'open':
      return open(parts, exchange, request, options);
    case 'ask':
      return ask(parts, exchange, request, options);
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
    const result = await read(parts, exchange, { calls, requestId }, answer);
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
  const { calls, upstream } = session;
  const requestId = calls.open({ clientId: message.id, method: message.method, exchange });
  const changed = params ?? (exchange.outbound.isChanged ? message.params : undefined);
  if (exchange.outbound.isChanged && isRenamed(exchange)) {
    calls.close(requestId);
    return refusedBy(
      refuse('obligation_unkept', 'what policy wants taken out is the name of the tool itself'),
    );
  }
  const outbound =
    changed === undefined
      ? withId(text, message, requestId)
      : messageText(requestId, message.method, outboundParams(exchange, params, message.method));
  const answer = await upstream.send(outbound, { ...options, requestId });
  const result = await read(parts, exchange, { calls, requestId, session }, answer);
  if (result.kind === 'failed' && result.fault === 'client_aborted') calls.leave(requestId);
  else if (result.kind !== 'stream') calls.close(requestId);
  return result;
}

/** The parameters that go on: what is known of them, or what policy left of them. */
function outboundParams(exchange: Exchange, known: unknown, method?: string): unknown {
  const { outbound } = exchange;
  if (!outbound.isChanged) return known;
  const members = Object.entries(outbound.beside ?? {}) as [string, unknown][];
  const beside = Object.fromEntries(members.filter(([name]) => name !== 'headers'));
  return method === 'tools/call'
    ? { ...beside, arguments: outbound.arguments }
    : { ...(outbound.arguments as object), ...beside };
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
      return stream(parts, exchange, { type: 'events', session, callId: undefined, events: answer.events });
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

interface Asked {
  readonly calls: OpenCalls;
  readonly requestId: number;
  /** Undefined while it is being opened. */
  readonly session?: McpSession;
}

async function read(
  parts: McpParts,
  exchange: Exchange,
  asked: Asked,
  answer: UpstreamAnswer,
): Promise<Result> {
  switch (answer.kind) {
    case 'message':
      return readWhole(parts, exchange, asked, answer.text, parseMessage(answer.text));
    case 'events':
      try {
        const peeked = await peekAnswer(answer.events, asked.requestId, asked.session !== undefined);
        if (peeked.kind === 'answer')
          return await readWhole(parts, exchange, asked, peeked.text, peeked.message);
        if (asked.session) {
          const { session, requestId: callId } = asked;
          return stream(parts, exchange, { type: 'events', session, callId, events: peeked.events });
        }
        void peeked.events[Symbol.asyncIterator]().return?.();
        return FAILED;
      } catch (error) {
        return { kind: 'failed', fault: faultOf(error, exchange) };
      }
    case 'session_lost':
      return asked.session ? lost(parts, asked.session) : FAILED;
    case 'failed':
      return answer;
    case 'accepted':
    case 'unsupported':
      // Nothing came back; for a request that is a failure.
      return FAILED;
  }
}

async function readWhole(
  parts: McpParts,
  exchange: Exchange,
  { calls, requestId }: Asked,
  text: string,
  answered: RpcMessage | undefined,
): Promise<Result> {
  const call = answered?.kind === 'response' && answered.id === requestId ? calls.take(requestId) : undefined;
  if (!call || answered?.kind !== 'response') return FAILED;
  const { content, isError } = answered;
  const filtered = isError ? undefined : await filterList(parts.guard, exchange, call.method, content);
  if (filtered?.kind === 'undecided') return FAILED;
  if (filtered?.kind === 'too_long') return refusedBy(refuse('result_too_large', 'the list is too long'));
  const isFiltered = filtered?.kind === 'changed';
  return whole(
    {
      type: 'answer',
      clientId: call.clientId,
      isError,
      raw: isFiltered ? null : withId(text, answered, call.clientId),
    },
    isFiltered ? filtered.result : content,
    Buffer.byteLength(text),
    isError,
  );
}

function stream(
  parts: McpParts,
  exchange: Exchange,
  payload: Extract<McpAnswer, { type: 'events' }>,
): Result {
  const slot = parts.guard.slots.take(`stream:${payload.session.agentId}`, parts.streamsPerAgent);
  if (slot) {
    exchange.hold(slot);
    return { kind: 'stream', payload };
  }
  void payload.events[Symbol.asyncIterator]().return?.();
  if (payload.callId !== undefined) payload.session.calls.close(payload.callId);
  return refusedBy(tooMany('streams'));
}

function lost(parts: McpParts, session: McpSession): Result {
  void parts.sessions.end(session);
  return refusedBy(refusalOf(FAULTS.unknownSession));
}

function tooMany(what: 'sessions' | 'streams'): Refusal {
  return refuse('concurrency_limited', `too many ${what} of this agent are open at once`, {
    retryAfterSeconds: 1,
  });
}

function refusedBy(refusal: Refusal<McpFault>): Result {
  return { kind: 'refused', refusal };
}

function whole(payload: McpAnswer, value: unknown, bytes: number, isError = false): Result {
  const outcome = isError ? 'upstream_error' : 'ok';
  return { kind: 'message', payload, value, bytes, outcome, responseCode: 200 };
}
