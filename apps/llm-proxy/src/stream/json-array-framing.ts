import { MAX_FRAME_CHARACTERS, type Frame, type FrameReader, type Framing } from './framing';

/** Where in the array a frame stands, as its event; one that only goes on has none. */
export const ARRAY_FIRST = 'first';
/** The array is closed: the frame carries nothing. */
export const ARRAY_END = 'end';
/** The array is closed before anything stood in it. */
export const ARRAY_EMPTY = 'empty';

/** One JSON array whose elements, all of them objects, come one after the other; written as Google does. */
export const JSON_ARRAY: Framing = {
  contentType: 'application/json',
  open: () => new ArrayReader(),
  write: ({ event, data }) => {
    if (event === ARRAY_EMPTY) return '[]\n';
    if (event === ARRAY_END) return '\n]\n';
    return event === ARRAY_FIRST ? `[${data}` : `\n,\n${data}`;
  },
};

type State = 'before' | 'opened' | 'element' | 'between' | 'next' | 'closed' | 'faulty';

const SPACE = /^[ \t\r\n]$/;

class ArrayReader implements FrameReader {
  #state: State = 'before';
  #element = '';
  #isFirst = true;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  push(text: string): readonly Frame[] | undefined {
    const frames: Frame[] = [];
    let from = 0;
    while (from < text.length && this.#state !== 'faulty' && this.#state !== 'closed') {
      from = this.#state === 'element' ? this.#goOn(text, from, frames) : this.#step(text, from, frames);
    }
    // What stood before the fault must not depend on how the text was cut.
    return this.#state === 'faulty' && frames.length === 0 ? undefined : frames;
  }

  end(): readonly Frame[] | undefined {
    return this.#state === 'closed' ? [] : undefined;
  }

  signOfLife(): string {
    return '';
  }

  /** One character outside of an element. */
  #step(text: string, at: number, frames: Frame[]): number {
    const character = text.charAt(at);
    if (SPACE.test(character)) return at + 1;
    const { next, event } = stepFrom(this.#state, character);
    this.#state = next;
    if (event !== undefined) frames.push({ event, data: '' });
    // The brace belongs to the element.
    return next === 'element' ? at : at + 1;
  }

  /** The characters of an element, up to its end or that of the text. */
  #goOn(text: string, from: number, frames: Frame[]): number {
    let at = from;
    let isWhole = false;
    while (at < text.length && !isWhole) isWhole = this.#endsWith(text.charCodeAt(at++));
    this.#element += text.slice(from, at);
    if (this.#element.length > MAX_FRAME_CHARACTERS) {
      this.#state = 'faulty';
    } else if (isWhole) {
      frames.push(this.#isFirst ? { event: ARRAY_FIRST, data: this.#element } : { data: this.#element });
      this.#isFirst = false;
      this.#element = '';
      this.#state = 'between';
    }
    return at;
  }

  /** @returns whether the element is over with a character */
  #endsWith(code: number): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (code === BACKSLASH) this.#isEscaped = true;
      else if (code === QUOTE) this.#isInText = false;
      return false;
    }
    if (code === QUOTE) this.#isInText = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) return --this.#depth === 0;
    return false;
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_BRACKET, CLOSE_BRACKET] = [0x5b, 0x5d];
const [OPEN_BRACE, CLOSE_BRACE] = [0x7b, 0x7d];

function stepFrom(state: State, character: string): { readonly next: State; readonly event?: string } {
  switch (`${state} ${character}`) {
    case 'before [':
      return { next: 'opened' };
    case 'opened {':
    case 'next {':
      return { next: 'element' };
    case 'opened ]':
      return { next: 'closed', event: ARRAY_EMPTY };
    case 'between ,':
      return { next: 'next' };
    case 'between ]':
      return { next: 'closed', event: ARRAY_END };
    default:
      return { next: 'faulty' };
  }
}
