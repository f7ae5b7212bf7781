import {
  protocolCall,
  type Exchange,
  type ExchangeAdapter,
  type Forwarded,
  type Parsed,
  type Refusal,
} from '@behavry/pipeline';
import { describeNotification, describeRequest, shownMethod } from '../messages/describe-call';
import {
  messageText,
  withId,
  type MessageFault,
  type ReadMessage,
  type RpcNotification,
  type RpcResponse,
} from '../messages/rpc-message';
import type { McpSession } from '../sessions/session-store';
import { forwardToUpstream } from './forward';
import { orderOf, withLargeId } from './large-messages';
import { FAULTS, refusalOf, rpcCodeOf, type McpFault } from './mcp-fault';
import type { Incoming, McpAnswer, McpParts, McpRequest } from './mcp-request';

type Reading = Parsed<McpRequest> | Refusal<McpFault>;

const FAULT_OF: Readonly<Partial<Record<MessageFault, McpFault>>> = {
  too_large: FAULTS.tooLarge,
  not_json: FAULTS.notJson,
  not_utf8: FAULTS.notJson,
  batch: FAULTS.batch,
  no_message: FAULTS.noMessage,
};

/** The MCP side of one exchange. */
export class McpAdapter implements ExchangeAdapter<McpRequest, McpAnswer, McpFault> {
  constructor(
    private readonly parts: McpParts,
    private readonly incoming: Incoming,
  ) {}

  parse(exchange: Exchange): Reading | Promise<Reading> {
    const server = exchange.config?.server(exchange.serverId);
    if (!server) return refusalOf(FAULTS.unknownServer);
    if (!server.enabled) return refusalOf(FAULTS.disabledServer);
    if (this.incoming.kind !== 'message')
      return this.#withSession(exchange, (session) => this.#stream(session));
    if (this.incoming.body.isLarge)
      return this.#withSession(exchange, (session) => this.#large(exchange, session));
    const read = this.incoming.body.read();
    if (!read.ok) return refusalOf(FAULT_OF[read.fault] ?? FAULTS.ambiguous);
    if (read.message.kind !== 'response') exchange.method = shownMethod(read.message.method);
    if (read.message.kind === 'request' && read.message.method === 'initialize') return this.#open(read);
    return this.#withSession(exchange, (session) => this.#message(session, read));
  }

  forward(exchange: Exchange, request: McpRequest): Promise<Forwarded<McpAnswer, McpFault>> {
    return forwardToUpstream(this.parts, this.incoming, exchange, request);
  }

  codeOf(refusal: Refusal<McpFault>): number {
    return refusal.fault?.code ?? rpcCodeOf(refusal);
  }

  discard(answer: McpAnswer): void {
    // An opening that is not answered is a session that nobody knows.
    if (answer.type === 'answer' && answer.session) void this.parts.sessions.end(answer.session);
    if (answer.type !== 'events') return;
    if (answer.callId !== undefined) answer.session.calls.close(answer.callId);
    void answer.events[Symbol.asyncIterator]().return?.();
  }

  #withSession<T>(exchange: Exchange, read: (session: McpSession) => T): T | Refusal<McpFault> {
    const { sessionId } = this.incoming;
    if (sessionId === undefined) return refusalOf(FAULTS.noSession, false);
    const agentId = exchange.identity?.agentId ?? '';
    const session = this.parts.sessions.find(sessionId, agentId, exchange.serverId);
    if (!session) return refusalOf(FAULTS.unknownSession, false);
    session.inUse++;
    exchange.hold(() => session.inUse--);
    return read(session);
  }

  #stream(session: McpSession): Reading {
    const { kind, lastEventId } = this.incoming;
    if (kind === 'end') {
      return { call: protocolCall('DELETE', 'end_session', 'pass', null, 0), request: { kind, session } };
    }
    // Whatever else it says would go to the server unread.
    if (lastEventId !== undefined && !session.eventIds.has(lastEventId))
      return refusalOf(FAULTS.unknownEvent);
    return {
      call: protocolCall('GET', 'listen', 'silent', null, 0),
      request: { kind: 'listen', session, lastEventId },
    };
  }

  #open({ message }: ReadMessage): Reading {
    if (message.kind !== 'request') return refusalOf(FAULTS.noMessage);
    const described = describeRequest(message, this.incoming.body.size, this.incoming.trace);
    if (!described) return refusalOf(FAULTS.badParams);
    return { call: described.call, request: { kind: 'open', message, params: described.params } };
  }

  #message(session: McpSession, { message, text }: ReadMessage): Reading {
    const { body, trace } = this.incoming;
    switch (message.kind) {
      case 'request': {
        const described = describeRequest(message, body.size, trace);
        if (!described) return refusalOf(FAULTS.badParams);
        const { call, params } = described;
        return { call, request: { kind: 'ask', session, message, text, params } };
      }
      case 'notification':
        return this.#notification(session, message);
      case 'response':
        return this.#response(session, message, text);
    }
  }

  /** Reads a large message in a thread, which finds out all that the stages will ask of its content. */
  async #large(exchange: Exchange, session: McpSession): Promise<Reading> {
    const { body, trace } = this.incoming;
    const { config } = exchange;
    if (!config) return refusalOf(FAULTS.unknownServer);
    const result = await this.parts.large.run(
      'read',
      {
        bytes: body.bytes,
        maxBytes: this.parts.maxBodyBytes,
        headers: trace,
        blast: config.document.blast_radius,
      },
      orderOf(exchange, body.size, 'outbound'),
    );
    if (!result.ok) return result.refusal;
    const { value } = result;
    if (!value.ok) {
      body.knownAs(value.id);
      return refusalOf(
        value.fault === 'bad_params' ? FAULTS.badParams : (FAULT_OF[value.fault] ?? FAULTS.ambiguous),
      );
    }
    const { kind, id, call, examined } = value;
    if (kind === 'request') {
      exchange.method = shownMethod(value.method);
      body.knownAs(id);
      return {
        call,
        examined,
        request: { kind: 'ask_large', session, id, method: value.method, message: value },
      };
    }
    const askedAs = session.calls.askedAs(id);
    if (askedAs === undefined) return refusalOf(FAULTS.notAsked);
    const text = withLargeId(value, askedAs);
    return { call, examined, request: { kind: 'tell', session, text, answers: Number(id) } };
  }

  #notification(session: McpSession, message: RpcNotification): Reading {
    const described = describeNotification(message, this.incoming.body.size);
    if (!described) return refusalOf(FAULTS.noId);
    const { call, params = message.params } = described;
    return {
      call,
      request: {
        kind: 'tell',
        session,
        text: notificationText(session, message.method, params),
        answers: undefined,
      },
    };
  }

  #response(session: McpSession, message: RpcResponse, text: string): Reading {
    const askedAs = session.calls.askedAs(message.id);
    if (askedAs === undefined) return refusalOf(FAULTS.notAsked);
    return {
      call: protocolCall('response', 'respond', 'pass', message.content, this.incoming.body.size),
      request: { kind: 'tell', session, text: withId(text, message, askedAs), answers: Number(message.id) },
    };
  }
}

/** @returns the text for the server; undefined when it speaks of a request that is not open */
function notificationText(
  { calls }: McpSession,
  method: string,
  params: Readonly<Record<string, unknown>>,
): string | undefined {
  if (method !== 'notifications/cancelled') return messageText(undefined, method, params);
  const requestId = calls.idOf(params['requestId']);
  return requestId === undefined ? undefined : messageText(undefined, method, { ...params, requestId });
}
