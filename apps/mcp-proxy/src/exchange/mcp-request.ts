import type { Proxy } from '@behavry/proxy';
import type { Counter } from 'prom-client';
import { readBody, type RpcId, type RpcRequest } from '../messages/rpc-message';
import type { McpSession, SessionStore } from '../sessions/session-store';
import type { UpstreamEvent } from '../upstream/upstream-session';
import type { UpstreamFactory } from '../upstream/upstream-factory';

/** Everything that handling a request uses: one per process. */
export interface McpParts extends Proxy {
  readonly sessions: SessionStore;
  readonly upstreams: UpstreamFactory;
  readonly maxBodyBytes: number;
  /** Sessions that one agent may be opening at once. */
  readonly opensPerAgent: number;
  /** Messages of servers that nobody was given: answers to nothing that is open, news with secrets. */
  readonly droppedMessages: Counter;
}

/** One request as it came. `listen`: a GET that opens the server's stream · `end`: a DELETE of the session. */
export interface Incoming {
  readonly kind: 'message' | 'listen' | 'end';
  readonly body: RequestBody;
  readonly sessionId: string | undefined;
  readonly protocolVersion: string | undefined;
  readonly lastEventId: string | undefined;
  /** `traceparent` and `tracestate`, which go on with it. */
  readonly trace: Readonly<Record<string, string>>;
}

/** A body that is read once, by whoever asks first. */
export class RequestBody {
  #read: ReturnType<typeof readBody> | undefined;

  constructor(
    private readonly bytes: Buffer,
    private readonly maxBytes: number,
  ) {}

  get size(): number {
    return this.bytes.length;
  }

  read(): ReturnType<typeof readBody> {
    return (this.#read ??= readBody(this.bytes, this.maxBytes));
  }

  /** The id under which the client waits for an answer, if the body tells one. */
  get id(): RpcId | null {
    if (this.size === 0) return null;
    const read = this.read();
    return read.ok && read.message.kind === 'request' ? read.message.id : null;
  }
}

/** A request as this dialect reads it. */
export type McpRequest =
  | { readonly kind: 'open'; readonly message: RpcRequest; readonly params: unknown }
  | {
      readonly kind: 'ask';
      readonly session: McpSession;
      readonly message: RpcRequest;
      readonly text: string;
      /** What is known of its parameters, when only that goes on. */
      readonly params: unknown;
    }
  | {
      /** A notification, or the answer to a server's request. */
      readonly kind: 'tell';
      readonly session: McpSession;
      /** Undefined when there is nobody to be told. */
      readonly text: string | undefined;
      /** Our id of the server's request that it answers. */
      readonly answers: number | undefined;
    }
  | { readonly kind: 'listen'; readonly session: McpSession; readonly lastEventId: string | undefined }
  | { readonly kind: 'end'; readonly session: McpSession };

/** What `runExchange` gives back to the route. */
export type McpAnswer =
  | {
      readonly type: 'answer';
      readonly clientId: RpcId;
      readonly isError: boolean;
      /** The answer as it came, under the client's id; null when what it lists was filtered. */
      readonly raw: string | null;
      /** The session that it opens. */
      readonly session?: McpSession;
    }
  | { readonly type: 'accepted' }
  | { readonly type: 'ended' }
  | {
      readonly type: 'events';
      readonly session: McpSession;
      /** Our id of the request that is answered; undefined for a listening stream. */
      readonly callId: number | undefined;
      readonly events: AsyncIterable<UpstreamEvent>;
    };
