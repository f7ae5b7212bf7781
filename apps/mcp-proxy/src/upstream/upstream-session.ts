import type { UpstreamFault } from '@behavry/pipeline';

/** One event of an upstream's stream: a message, a priming event without text, or a hint when to come back. */
export interface UpstreamEvent {
  /** JSON text of a message; empty for an event that only carries an id. */
  readonly text: string;
  readonly eventId?: string;
  readonly retryMs?: number;
}

export type UpstreamAnswer =
  | { readonly kind: 'message'; readonly text: string }
  | { readonly kind: 'accepted' }
  | { readonly kind: 'events'; readonly events: AsyncIterable<UpstreamEvent> }
  /** The upstream does not offer this (no stream of its own, no session to end). */
  | { readonly kind: 'unsupported' }
  /** It no longer knows the session: the client must open a new one. */
  | { readonly kind: 'session_lost' }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

export interface SendOptions {
  readonly signal: AbortSignal;
  /** Protocol version that the client named; undefined when it named none. */
  readonly protocolVersion: string | undefined;
  /** `traceparent` and `tracestate`, passed on unchanged. */
  readonly trace: Readonly<Record<string, string>>;
  /** Id of the request in `text`: a counter of ours, unique in the session; undefined for what is none. */
  readonly requestId: number | undefined;
}

/** One agent's session with one server. Expected failures are answers; only defects throw. */
export interface UpstreamSession {
  /** Sends one message as it is. A request is answered by a message or by events, the last of which answers it. */
  send(text: string | Uint8Array, options: SendOptions): Promise<UpstreamAnswer>;
  /** Opens the server's own stream to its client. */
  listen(lastEventId: string | undefined, options: SendOptions): Promise<UpstreamAnswer>;
  /** Ends the session on the other side too. */
  close(): Promise<void>;
}

/** Why a server's session cannot be opened; the message is for the log, not for the agent. */
export class UpstreamSetupError extends Error {}
