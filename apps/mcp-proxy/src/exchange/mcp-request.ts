import { LARGE_BYTES, type WorkerPool } from '@behavry/pipeline';
import type { Proxy } from '@behavry/proxy';
import type { Counter } from 'prom-client';
import type { McpJobs } from '../large/mcp-jobs';
import { readBody, type RpcId, type RpcRequest } from '../messages/rpc-message';
import { unreadId } from '../messages/unread-id';
import type { HandOn } from '../replicas/hand-on';
import type { Replicas } from '../replicas/replicas';
import type { McpSession, SessionStore } from '../sessions/session-store';
import type { UpstreamEvent } from '../upstream/upstream-session';
import type { UpstreamFactory } from '../upstream/upstream-factory';

/** Everything that handling a request uses: one per process. */
export interface McpParts extends Proxy {
  readonly sessions: SessionStore;
  readonly replicas: Replicas;
  readonly handOn: HandOn;
  readonly upstreams: UpstreamFactory;
  /** Reads large messages beside the event loop. */
  readonly large: WorkerPool<McpJobs>;
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

/** A body that is read once, by whoever asks first; a large one in a thread, which takes its bytes. */
export class RequestBody {
  #read: ReturnType<typeof readBody> | undefined;
  #largeId: RpcId | null;
  readonly size: number;

  constructor(
    readonly bytes: Buffer,
    private readonly maxBytes: number,
  ) {
    this.size = bytes.length;
    // Before a thread takes the bytes.
    this.#largeId = this.isLarge ? unreadId(bytes) : null;
  }

  get isLarge(): boolean {
    return this.size > LARGE_BYTES;
  }

  /** @param id what a thread found, for answers */
  knownAs(id: RpcId | null): void {
    this.#largeId = id;
  }

  read(): ReturnType<typeof readBody> {
    return (this.#read ??= readBody(this.bytes, this.maxBytes));
  }

  /** The id under which the client waits for an answer, if the body tells one. */
  get id(): RpcId | null {
    if (this.size === 0) return null;
    if (this.isLarge) return this.#largeId;
    const read = this.read();
    return read.ok && read.message.kind === 'request' ? read.message.id : null;
  }
}

/** A message of a client that was read in a thread: its bytes, and where in them its id stands. */
export interface LargeMessage {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
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
      /** A request that was read in a thread. */
      readonly kind: 'ask_large';
      readonly session: McpSession;
      readonly id: RpcId;
      readonly method: string;
      readonly message: LargeMessage;
    }
  | {
      /** A notification, or the answer to a server's request. */
      readonly kind: 'tell';
      readonly session: McpSession;
      /** Undefined when there is nobody to be told. */
      readonly text: string | Uint8Array | undefined;
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
      /** Whether `raw` is already what a scan left of it. */
      readonly isFinal: boolean;
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
