import { createParser } from 'eventsource-parser';
import { MAX_FRAME_CHARACTERS, type Frame, type FrameReader, type Framing } from './framing';

const EMPTY_COMMENT = ':\n\n';

/** Server-sent events (WHATWG HTML §9.2). Ids are not passed on: no model's stream can be taken up again. */
export const SSE: Framing = {
  contentType: 'text/event-stream',
  open: () => new SseReader(),
  write: ({ event, data }) => {
    // In one line, for some readers take each for a message of its own. In JSON the end of a line is a space.
    const line = data.includes('\n') ? data.replaceAll('\n', ' ') : data;
    return event === undefined ? `data: ${line}\n\n` : `event: ${event}\ndata: ${line}\n\n`;
  },
};

class SseReader implements FrameReader {
  #frames: Frame[] = [];
  #hasComment = false;
  #isOversized = false;
  #endsWithReturn = false;
  readonly #parser = createParser({
    maxBufferSize: MAX_FRAME_CHARACTERS,
    onEvent: (event) => {
      this.#frames.push(event);
    },
    onComment: () => {
      this.#hasComment = true;
    },
    onError: ({ type }) => {
      this.#isOversized ||= type === 'max-buffer-size-exceeded';
    },
  });

  push(text: string): readonly Frame[] | undefined {
    if (text !== '') this.#endsWithReturn = text.endsWith('\r');
    try {
      this.#parser.feed(text);
    } catch {
      return undefined;
    }
    if (this.#isOversized) return undefined;
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  // A carriage return ends a line by itself, which the parser cannot know while a line feed may follow.
  end(): readonly Frame[] | undefined {
    return this.#endsWithReturn ? this.push('\n') : [];
  }

  signOfLife(): string {
    const text = this.#hasComment ? EMPTY_COMMENT : '';
    this.#hasComment = false;
    return text;
  }
}
