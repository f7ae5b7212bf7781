import type { RpcResponse } from '../messages/rpc-message';
import type { UpstreamEvent } from '../upstream/upstream-session';
import type { LargeResponse, ServerMessage, UnreadMessage } from './large-messages';

export type Peeked =
  | {
      readonly kind: 'answer';
      readonly text: string;
      readonly message: RpcResponse | LargeResponse | UnreadMessage;
    }
  | { readonly kind: 'stream'; readonly events: AsyncIterable<UpstreamEvent> };

/** A stream that has said everything is read on so long, that its connection can be used again. */
const DRAIN_MS = 2_000;
/** Hints and ids before the first message. */
const MAX_SILENT = 100;

/**
 * Looks at the first message of a stream. When it is the answer already there is nothing to stream: it
 * can be scanned, recorded and answered as a whole. Otherwise the stream is given back from its beginning.
 * @param requestId our id of the request that was sent
 * @param read reads a message
 * @param maySpread whether its client may be given a stream at all; an opening is answered as a whole
 */
export async function peekAnswer(
  events: AsyncIterable<UpstreamEvent>,
  requestId: number,
  maySpread: boolean,
  read: (text: string) => Promise<ServerMessage | undefined>,
): Promise<Peeked> {
  const iterator = events[Symbol.asyncIterator]();
  const seen: UpstreamEvent[] = [];
  for (let count = 0; ; count++) {
    const next = await iterator.next();
    if (next.done === true) return { kind: 'stream', events: replay(seen, iterator) };
    const { value } = next;
    seen.push(value);
    // A stream that says nothing so often says nothing.
    if (count >= MAX_SILENT) {
      await iterator.return?.();
      return { kind: 'stream', events: replay([], iterator) };
    }
    // A client that is told an id may go away and come back with it, so it has to be told at once.
    if (maySpread && value.eventId !== undefined && value.text === '')
      return { kind: 'stream', events: replay(seen, iterator) };
    if (value.text === '') continue;
    const message = await read(value.text);
    if (!isAnswer(message, requestId)) {
      return { kind: 'stream', events: replay(seen, iterator) };
    }
    void drain(iterator);
    return { kind: 'answer', text: value.text, message };
  }
}

function isAnswer(
  message: ServerMessage | undefined,
  requestId: number,
): message is RpcResponse | LargeResponse | UnreadMessage {
  if (message?.kind === 'response' || message?.kind === 'large') return message.id === requestId;
  return message?.kind === 'unread';
}

async function drain(iterator: AsyncIterator<UpstreamEvent>): Promise<void> {
  const timer = setTimeout(() => void iterator.return?.(), DRAIN_MS);
  try {
    while ((await iterator.next()).done !== true);
  } catch {
    // Whatever happens after the answer does not concern it.
  } finally {
    clearTimeout(timer);
  }
}

async function* replay(
  seen: readonly UpstreamEvent[],
  rest: AsyncIterator<UpstreamEvent>,
): AsyncGenerator<UpstreamEvent> {
  try {
    yield* seen;
    for (;;) {
      const next = await rest.next();
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}
