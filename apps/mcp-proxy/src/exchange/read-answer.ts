import { refuse, type Exchange, type Forwarded, type Refusal, type Scanned } from '@behavry/pipeline';
import { faultOf } from '@behavry/proxy';
import { filterList } from '../messages/list-filter';
import { withId } from '../messages/rpc-message';
import type { OpenCalls } from '../sessions/open-calls';
import type { McpSession } from '../sessions/session-store';
import type { UpstreamAnswer } from '../upstream/upstream-session';
import { readFromServer, type ServerMessage } from './large-messages';
import { FAULTS, refusalOf, type McpFault } from './mcp-fault';
import type { McpAnswer, McpParts } from './mcp-request';
import { peekAnswer } from './peek-answer';

export type ForwardResult = Forwarded<McpAnswer, McpFault>;

export const FAILED = { kind: 'failed', fault: 'upstream_error' } as const;

/** What an answer is expected to. */
export interface Asked {
  readonly calls: OpenCalls;
  readonly requestId: number;
  /** Undefined while it is being opened. */
  readonly session?: McpSession;
}

/** Reads an answer, or as much of it as tells what kind it is. */
export async function readAnswer(
  parts: McpParts,
  exchange: Exchange,
  asked: Asked,
  answer: UpstreamAnswer,
): Promise<ForwardResult> {
  switch (answer.kind) {
    case 'message':
      return readWhole(
        parts,
        exchange,
        asked,
        answer.text,
        await readFromServer(parts, exchange, answer.text),
      );
    case 'events':
      try {
        const reading = (text: string): Promise<ServerMessage | undefined> =>
          readFromServer(parts, exchange, text);
        const peeked = await peekAnswer(answer.events, asked.requestId, asked.session !== undefined, reading);
        if (peeked.kind === 'answer')
          return await readWhole(parts, exchange, asked, peeked.text, peeked.message);
        if (asked.session) {
          const { session, requestId: callId } = asked;
          return openStream(parts, exchange, { type: 'events', session, callId, events: peeked.events });
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
  answered: ServerMessage | undefined,
): Promise<ForwardResult> {
  if (answered?.kind === 'unread') return refusedBy(answered.refusal);
  if ((answered?.kind !== 'response' && answered?.kind !== 'large') || answered.id !== requestId)
    return FAILED;
  const call = calls.take(requestId);
  if (!call) return FAILED;
  if (answered.kind === 'large') {
    const { isError, scanned } = answered;
    const raw = answered.textFor(call.clientId);
    const payload: McpAnswer = { type: 'answer', clientId: call.clientId, isError, raw, isFinal: true };
    return whole(payload, null, Buffer.byteLength(text), isError, scanned);
  }
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
      isFinal: false,
    },
    isFiltered ? filtered.result : content,
    Buffer.byteLength(text),
    isError,
  );
}

/** A stream for the agent, while it may have another one. */
export function openStream(
  parts: McpParts,
  exchange: Exchange,
  payload: Extract<McpAnswer, { type: 'events' }>,
): ForwardResult {
  const slot = parts.guard.slots.take(`stream:${payload.session.agentId}`, parts.streamsPerAgent);
  if (slot) {
    exchange.hold(slot);
    return { kind: 'stream', payload };
  }
  void payload.events[Symbol.asyncIterator]().return?.();
  if (payload.callId !== undefined) payload.session.calls.close(payload.callId);
  return refusedBy(tooMany('streams'));
}

/** Its server no longer knows the session. */
export function lost(parts: McpParts, session: McpSession): ForwardResult {
  void parts.sessions.end(session);
  return refusedBy(refusalOf(FAULTS.unknownSession));
}

export function tooMany(what: 'sessions' | 'streams'): Refusal {
  return refuse('concurrency_limited', `too many ${what} of this agent are open at once`, {
    retryAfterSeconds: 1,
  });
}

export function refusedBy(refusal: Refusal<McpFault>): ForwardResult {
  return { kind: 'refused', refusal };
}

export function whole(
  payload: McpAnswer,
  value: unknown,
  bytes: number,
  isError = false,
  scanned?: Scanned,
): ForwardResult {
  const outcome = isError ? 'upstream_error' : 'ok';
  const known = scanned && { scanned };
  return { kind: 'message', payload, value, ...known, bytes, outcome, responseCode: 200 };
}
