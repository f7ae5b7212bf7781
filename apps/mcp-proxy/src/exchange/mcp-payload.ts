import type { UpstreamEvent } from '../upstream/upstream-session';

/** What `runExchange` gives back to the route. */
export type McpPayload =
  | { readonly type: 'text'; readonly text: string; readonly sessionId?: string }
  | { readonly type: 'accepted' }
  | { readonly type: 'events'; readonly events: AsyncIterable<UpstreamEvent> };
