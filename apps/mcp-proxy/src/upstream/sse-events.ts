import { LineEnds } from '@behavry/domain';
import { createParser } from 'eventsource-parser';
import type { UpstreamEvent } from './upstream-session';

/** More than this of one event, or of events nobody has read yet, ends the stream. */
export class StreamTooLargeError extends Error {}

/**
 * Reads server-sent events from bytes in any split (WHATWG HTML §9.2). Back-pressure comes from the
 * consumer: nothing is read ahead of it.
 * @param maxBytes largest single event
 * @throws StreamTooLargeError, or what the body throws
 */
export async function* sseEvents(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<UpstreamEvent> {
  const ready: UpstreamEvent[] = [];
  const seen = { isTooLarge: false };
  const parser = createParser({
    maxBufferSize: maxBytes,
    onEvent: ({ id, data }) => {
      ready.push({ text: data, ...(id === undefined ? {} : { eventId: id }) });
    },
    onRetry: (retryMs) => {
      ready.push({ text: '', retryMs });
    },
    onError: ({ type }) => {
      seen.isTooLarge ||= type === 'max-buffer-size-exceeded';
    },
  });
  const decoder = new TextDecoder('utf-8');
  const lineEnds = new LineEnds();
  for await (const chunk of body) {
    parser.feed(lineEnds.normalise(decoder.decode(chunk, { stream: true })));
    if (seen.isTooLarge) throw new StreamTooLargeError();
    yield* ready.splice(0);
  }
}
