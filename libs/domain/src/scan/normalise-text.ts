/** Text as a reader understands it, and where it came from. */
export interface NormalisedPiece {
  readonly text: string;
  /** Where a run of equal characters begins: its index in `text` and its place in the original. */
  readonly runs: readonly (readonly [index: number, place: number])[];
}

const ASCII = /^[\u0000-\u007f]*$/;
/** Signs that nobody sees: zero width, direction, variation selectors, soft hyphen, byte order mark. */
const UNSEEN =
  /^[\u00ad\u034f\u061c\u115f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u{e0100}-\u{e01ef}]$/u;
/** What emoji and scripts written from right to left are full of. */
const INNOCENT = /^[\u200c-\u200f\ufe00-\ufe0f]$/;
const MARK = /\p{Mn}/gu;

/** Letters of other scripts that look like Latin ones. */
const LOOK_ALIKES = new Map(
  [
    ['аɑα', 'a'], ['ЬвʙΒВ', 'b'], ['сϲСϹ', 'c'], ['ԁ', 'd'], ['еєЕΕ', 'e'], ['ɡ', 'g'], ['һНΗ', 'h'], ['іıΙІӏ', 'i'],
    ['јЈ', 'j'], ['кκКΚ', 'k'], ['ⅼ', 'l'], ['мМΜ', 'm'], ['пΝ', 'n'], ['оοОΟσ', 'o'], ['рρРΡ', 'p'], ['ԛ', 'q'], ['гГ', 'r'],
    ['ѕЅ', 's'], ['тτТΤ', 't'], ['υս', 'u'], ['νѵ', 'v'], ['ѡԝ', 'w'], ['хχХΧ', 'x'], ['уүУΥ', 'y'], ['Ζ', 'z'],
    ['‘’‚′', "'"], ['“”„″«»', '"'], ['‐‑‒–—−', '-'], ['ø', 'o'], ['ł', 'l'], ['đ', 'd'],
  ].flatMap(([from = '', to = '']) => Array.from(from, (one) => [one, to] as const)),
); // prettier-ignore

/**
 * Undoes what makes a text look other than it reads: unseen signs go, the tag block becomes the ASCII it
 * stands for, compatibility forms, accents and look-alikes become plain letters. Each code point by itself,
 * so that a text in pieces gives what the whole gives. ASCII passes as it is.
 */
export class Normaliser {
  /** Unseen signs so far; many of them are a sign themselves. */
  unseen = 0;
  /** Characters of the tag block so far: text that only a machine reads. */
  tags = 0;
  #position = 0;
  #half = '';

  /** @param isLast whether nothing follows */
  push(chunk: string, isLast: boolean): NormalisedPiece {
    let text = this.#half + chunk;
    this.#half = '';
    if (!isLast && (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800) {
      this.#half = text.slice(-1);
      text = text.slice(0, -1);
    }
    let at = this.#position;
    this.#position += text.length;
    if (ASCII.test(text)) return { text, runs: [[0, at]] };
    let normalised = '';
    const runs: [number, number][] = [];
    let expected = -1;
    for (const character of text) {
      const plain = this.#plain(character);
      if (plain !== '' && at !== expected) runs.push([normalised.length, at]);
      normalised += plain;
      at += character.length;
      if (plain !== '') expected = plain.length === character.length ? at : -1;
    }
    return { text: normalised, runs };
  }

  /** Everything read so far, in units of the original. */
  get position(): number {
    return this.#position;
  }

  #plain(character: string): string {
    const code = character.codePointAt(0) ?? 0;
    if (code < 128 || isAsItIs(code)) return character;
    if (code >= 0xe0000 && code <= 0xe007f) {
      this.tags++;
      return code >= 0xe0020 ? String.fromCharCode(code - 0xe0000) : '';
    }
    if (UNSEEN.test(character)) {
      if (!INNOCENT.test(character)) this.unseen++;
      return '';
    }
    let plain = PLAIN.get(character);
    if (plain === undefined) {
      const letters = character.normalize('NFKD').replace(MARK, '');
      plain = Array.from(letters, (one) => LOOK_ALIKES.get(one) ?? one).join('');
      if (PLAIN.size >= 4_096) PLAIN.clear();
      PLAIN.set(character, plain);
    }
    return plain;
  }
}

const PLAIN = new Map<string, string>();

/** Scripts of East Asia and pictures, which look like nothing else. */
function isAsItIs(code: number): boolean {
  return (code >= 0x2e80 && code < 0xf900) || (code >= 0x1f300 && code < 0x1fb00);
}
