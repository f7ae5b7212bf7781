import { parseMessage, type RpcMessage } from '../messages/rpc-message';
import type { UpstreamEvent } from '../upstream/upstream-session';

export type Peeked =
  | { readonly answer: string; readonly events?: undefined }
  | { readonly answer: undefined; readonly events: AsyncIterable<UpstreamEvent> };

/**
 * Looks at the first message of a stream. When it is the answer already there is nothing to stream: it
 * can be scanned, recorded and answered as a whole. Otherwise the stream is given back from its beginning.
 */
export async function peekAnswer(
  events: AsyncIterable<UpstreamEvent>,
  asked: RpcMessage | null,
): Promise<Peeked> {
  const iterator = events[Symbol.asyncIterator]();
  const seen: UpstreamEvent[] = [];
  for (;;) {
    const next = await iterator.next();
    if (next.done === true) return { answer: undefined, events: replay(seen, iterator) };
    const { value } = next;
    seen.push(value);
    if (value.text === '') continue; // an id or a hint, no message yet
    const message = parseMessage(value.text);
    if (asked?.kind === 'request' && message?.kind === 'response' && message.id === asked.id) {
      void drain(iterator);
      return { answer: value.text };
    }
    return { answer: undefined, events: replay(seen, iterator) };
  }
}

/** Reads a stream that has said everything to its end, so that its connection can be used again. */
async function drain(iterator: AsyncIterator<UpstreamEvent>): Promise<void> {
  try {
    while ((await iterator.next()).done !== true);
  } catch {
    // Whatever happens after the answer does not concern it.
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
