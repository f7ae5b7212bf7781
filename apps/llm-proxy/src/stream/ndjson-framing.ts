import { MAX_FRAME_CHARACTERS, type Frame, type FrameReader, type Framing } from './framing';

// Only a line feed ends a line, but some readers end one at any of these too.
const OTHER_LINE_ENDS = /[\r\u0085\u2028\u2029]/g;

/** A JSON text on each line. */
export const NDJSON: Framing = {
  contentType: 'application/x-ndjson',
  alsoType: 'application/json',
  open: () => new LineReader(),
  write: ({ data }) => `${data.replace(OTHER_LINE_ENDS, escaped)}\n`,
};

// Outside of texts JSON has only the carriage return, as white space; within them it has none.
function escaped(character: string): string {
  return character === '\r' ? ' ' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

class LineReader implements FrameReader {
  #line = '';
  #isFaulty = false;

  push(text: string): readonly Frame[] | undefined {
    const frames: Frame[] = [];
    let from = 0;
    while (!this.#isFaulty) {
      const end = text.indexOf('\n', from);
      this.#line += text.slice(from, end < 0 ? text.length : end);
      this.#isFaulty = this.#line.length > MAX_FRAME_CHARACTERS;
      if (end < 0 || this.#isFaulty) break;
      from = end + 1;
      this.#take(frames);
    }
    // What stood before the fault must not depend on how the text was cut.
    return this.#isFaulty && frames.length === 0 ? undefined : frames;
  }

  // Readers take a last line without its end for one.
  end(): readonly Frame[] | undefined {
    if (this.#isFaulty) return undefined;
    const frames: Frame[] = [];
    this.#take(frames);
    return frames;
  }

  signOfLife(): string {
    return '';
  }

  #take(frames: Frame[]): void {
    const data = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    if (data.trim() !== '') frames.push({ data });
  }
}
