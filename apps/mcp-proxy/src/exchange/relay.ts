import { JSON_RPC } from '@behavry/contracts';
import {
  Exchange,
  judgeCall,
  judgeInbound,
  protocolCall,
  refusalFor,
  refuse,
  runExchange,
  type Call,
  type Refusal,
  type Settlement,
} from '@behavry/pipeline';
import { faultOf } from '@behavry/proxy';
import { describeServerRequest, shownMethod } from '../messages/describe-call';
import {
  errorText,
  messageText,
  withId,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
} from '../messages/rpc-message';
import type { OpenCall } from '../sessions/open-calls';
import { rememberEvent, type McpSession } from '../sessions/session-store';
import type { UpstreamEvent } from '../upstream/upstream-session';
import { judgeAnswer, refusedAnswer, type JudgedAnswer } from './judge-answer';
import { readFromServer, type LargeResponse } from './large-messages';
import { rpcCodeOf } from './mcp-fault';
import type { Incoming, McpAnswer, McpParts } from './mcp-request';
import { refusalText } from './refusal-text';

/** Where events go. */
export interface EventSink {
  /** @returns when the client can take more; false when it is gone */
  write(event: UpstreamEvent): Promise<boolean>;
}

/** A method is a name, not a place for text. */
const METHOD = /^notifications\/[a-z_/-]{1,64}$/i;
const EVENT_ID = /^[\x21-\x7e]{1,128}$/;

type Stream = Extract<McpAnswer, { type: 'events' }>;

/**
 * Passes a server's events to the client, each message judged by itself: answers as the call they belong to, news
 * scanned, requests of the server decided. Settles the exchange when the stream ends, however it ends.
 */
export async function relayEvents(
  parts: McpParts,
  incoming: Incoming,
  exchange: Exchange,
  stream: Stream,
  sink: EventSink,
): Promise<void> {
  const relay = new Relay(parts, incoming, exchange, stream);
  exchange.settle(await relay.run(sink));
}

class Relay {
  /** Set once the call of this stream is answered; a listening stream waits for no answer. */
  #settlement: Settlement | undefined;

  constructor(
    private readonly parts: McpParts,
    private readonly incoming: Incoming,
    private readonly exchange: Exchange,
    private readonly stream: Stream,
  ) {}

  get #session(): McpSession {
    return this.stream.session;
  }

  async run(sink: EventSink): Promise<Settlement> {
    const { exchange, stream } = this;
    let ending: Settlement = { outcome: 'ok', responseCode: 200, error: null };
    try {
      for await (const event of stream.events) {
        if (exchange.stopReason) break;
        const text = event.text === '' ? '' : await this.#relay(event.text);
        if (text === undefined) continue;
        if (!(await sink.write(this.#event(event, text)))) exchange.stop('client_aborted');
      }
    } catch (error) {
      const fault = faultOf(error, exchange);
      ending = { outcome: 'upstream_error', responseCode: null, error: fault };
    }
    return this.#end(sink, ending);
  }

  /** An event with what the client gets of it. An id is text of the server's too: only a short plain one goes on. */
  #event({ eventId, ...event }: UpstreamEvent, text: string): UpstreamEvent {
    if (eventId === undefined || !EVENT_ID.test(eventId)) return { ...event, text };
    rememberEvent(this.#session, eventId);
    return { ...event, text, eventId };
  }

  /** What is said last, and what becomes of the call. */
  async #end(sink: EventSink, ending: Settlement): Promise<Settlement> {
    const { exchange, stream } = this;
    const { stopReason } = exchange;
    const isWaiting = stream.callId !== undefined && this.#settlement === undefined;
    const clientId = this.incoming.body.id;
    if (isWaiting && stopReason === 'client_aborted') this.#session.calls.leave(stream.callId);
    else if (stream.callId !== undefined) this.#session.calls.close(stream.callId);
    if (stopReason) {
      if (isWaiting && stopReason !== 'client_aborted') {
        await sink.write({ text: refusalText(exchange, clientId, refusalFor(stopReason)) });
      }
      return { outcome: 'aborted', responseCode: null, error: stopReason };
    }
    if (isWaiting && ending.error !== null) {
      const data = { reason_code: ending.error, decision_id: exchange.id };
      await sink.write({ text: errorText(clientId, JSON_RPC.unavailable, 'the server failed', data) });
    }
    return this.#settlement ?? ending;
  }

  /** @returns what the client gets instead of a message; undefined for nothing */
  async #relay(text: string): Promise<string | undefined> {
    const message = await readFromServer(this.parts, this.exchange, text);
    switch (message?.kind) {
      case undefined:
        return undefined; // no client could read it either
      case 'response':
      case 'large':
        return this.#answer(text, message);
      case 'unread':
        return this.#unread(message.refusal);
      case 'request':
        return this.#request(text, message);
      case 'notification':
        return this.#notification(text, message);
    }
  }

  async #answer(text: string, answer: RpcResponse | LargeResponse): Promise<string | undefined> {
    const { stream, exchange } = this;
    const isOwn = stream.callId !== undefined && answer.id === stream.callId;
    // On a stream of its own, a call gets its own answer and no other.
    const isForeign = stream.callId !== undefined && !isOwn;
    const call = isForeign ? undefined : this.#session.calls.take(answer.id);
    if (!call) {
      this.parts.droppedMessages.inc();
      return undefined;
    }
    if (!isOwn) return deliver(this.parts, exchange, call, text, answer);
    const judged = await judgeAnswer(this.parts, exchange, call, text, answer);
    this.#settlement = judged.settlement;
    return judged.text;
  }

  /** What it answers is not known; the call of this stream waits for nothing else. */
  #unread(refusal: Refusal): string | undefined {
    const { stream, exchange } = this;
    const call = stream.callId === undefined ? undefined : this.#session.calls.take(stream.callId);
    if (!call) {
      this.parts.droppedMessages.inc();
      return undefined;
    }
    const judged = refusedAnswer(exchange, call, refusal);
    this.#settlement = judged.settlement;
    return judged.text;
  }

  async #request(text: string, asked: RpcRequest): Promise<string | undefined> {
    const { calls, upstream } = this.#session;
    // A place first: what a server asks for without end must cost neither decisions nor records.
    const id = calls.ask(asked.id);
    const refusal =
      id === undefined
        ? refuse('concurrency_limited', 'too many requests to the client wait already')
        : await this.#judge(asked, Buffer.byteLength(text));
    if (id !== undefined && !refusal) return withId(text, asked, id);
    if (id !== undefined) calls.answered(id);
    const code = refusal ? rpcCodeOf(refusal) : JSON_RPC.denied;
    // The server learns that it may not, and nothing of what the plane looks for.
    await upstream.send(errorText(asked.id, code, 'the request is not passed on'), {
      signal: this.exchange.signal,
      protocolVersion: this.incoming.protocolVersion,
      trace: {},
      requestId: undefined,
    });
    return undefined;
  }

  async #judge(asked: RpcRequest, bytes: number): Promise<Refusal | undefined> {
    const { exchange, parts } = this;
    const described = describeServerRequest(asked, bytes);
    if (!described) return refuse('request_malformed', 'the request lacks what its method needs');
    const scanned = judgeInbound(exchange, asked.params, bytes);
    if (!scanned.passes) return scanned.refusal;
    if (scanned.isChanged)
      return refuse('obligation_unkept', 'policy wants something taken out of the request');
    if (described.call.handling !== 'decide') return undefined;
    const inner = innerOf(parts, exchange);
    inner.method = shownMethod(asked.method);
    return judgeCall(parts.guard, inner, described.call);
  }

  #notification(text: string, { method, params, isPlain }: RpcNotification): string | undefined {
    const scanned = judgeInbound(this.exchange, params, Buffer.byteLength(text));
    if (!scanned.passes || !METHOD.test(method)) {
      this.parts.droppedMessages.inc();
      return undefined;
    }
    if (method === 'notifications/cancelled') {
      const requestId = this.#session.calls.askedIdOf(params['requestId']);
      const passed = scanned.value as Readonly<Record<string, unknown>>;
      return requestId === undefined ? undefined : messageText(undefined, method, { ...passed, requestId });
    }
    return scanned.isChanged || !isPlain ? messageText(undefined, method, scanned.value) : text;
  }
}

/**
 * An answer that comes over the listening stream, because the stream of its call broke off: judged with the
 * obligations of that call, and recorded.
 */
async function deliver(
  parts: McpParts,
  listening: Exchange,
  call: OpenCall,
  text: string,
  answer: RpcResponse | LargeResponse,
): Promise<string> {
  const delivery = innerOf(parts, listening);
  delivery.obligations = call.exchange.obligations;
  delivery.inboundBytes = call.exchange.inboundBytes;
  delivery.extra['delivers'] = call.exchange.id;
  const result = await runExchange<null, JudgedAnswer, never>(parts.guard, delivery, {
    parse: () => ({ call: deliveryOf(call), request: null }),
    forward: async () => {
      // A large one was scanned for the stream that it came on, which may be under other obligations.
      const read = answer.kind === 'large' ? await readFromServer(parts, delivery, text) : answer;
      if (read?.kind === 'unread') return { kind: 'refused', refusal: read.refusal };
      if (read?.kind !== 'response' && read?.kind !== 'large')
        return { kind: 'failed', fault: 'upstream_error' };
      return { kind: 'stream', payload: await judgeAnswer(parts, delivery, call, text, read) };
    },
    codeOf: rpcCodeOf,
    discard: () => undefined,
  });
  switch (result.type) {
    case 'stream':
      delivery.settle(result.payload.settlement);
      return result.payload.text;
    case 'refused':
      return refusalText(delivery, call.clientId, result.refusal);
    case 'message':
    case 'failed':
      return errorText(call.clientId, JSON_RPC.unavailable, 'the answer could not be delivered');
  }
}

/** Under the tool's own name, so that what stops the tool stops what it still says. */
function deliveryOf({ exchange, method }: OpenCall): Call {
  const toolName = exchange.call?.toolName ?? method;
  return { ...protocolCall(method, 'deliver', 'pass', null, 0), toolName };
}

function innerOf({ makeId, guard }: McpParts, parent: Exchange): Exchange {
  return new Exchange({
    id: makeId(),
    kind: 'mcp',
    startedAt: guard.now(),
    token: undefined,
    serverId: parent.serverId,
    parent,
  });
}
