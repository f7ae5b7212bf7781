/** Shortest and longest run of base64 that is looked into, in characters. */
const SHORTEST_RUN = 24;
const LONGEST = 4_096;
const MOST_RUNS = 16;

/** By ASCII code, whether a character may stand in a run. */
const IN_RUN = new Uint8Array(128);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_') {
  IN_RUN[character.charCodeAt(0)] = 1;
}

export interface EncodedRun {
  readonly start: number;
  readonly end: number;
}

/** Finds runs of characters that may be base64 in a text that arrives in pieces. */
export class EncodedRuns {
  #start = 0;
  #length = 0;
  #found = 0;

  /** The first place from which a run may still come; infinite when none is under way. */
  get openFrom(): number {
    return this.#length > 0 && this.#length < LONGEST && this.#found < MOST_RUNS ? this.#start : Infinity;
  }

  /** @param from where the piece stands in the whole text */
  push(piece: string, from: number): readonly EncodedRun[] {
    if (this.#found >= MOST_RUNS) return [];
    const runs: EncodedRun[] = [];
    for (let index = 0; index < piece.length; index++) {
      const code = piece.charCodeAt(index);
      if (code < 128 && IN_RUN[code] === 1) {
        if (this.#length === 0) this.#start = from + index;
        // A longer run is looked into as far as this.
        if (++this.#length === LONGEST) this.#close(runs);
      } else {
        if (this.#length >= SHORTEST_RUN && this.#length < LONGEST) this.#close(runs);
        this.#length = 0;
      }
    }
    return runs;
  }

  end(): readonly EncodedRun[] {
    const runs: EncodedRun[] = [];
    if (this.#length >= SHORTEST_RUN && this.#length < LONGEST) this.#close(runs);
    this.#length = 0;
    return runs;
  }

  #close(runs: EncodedRun[]): void {
    if (this.#found++ < MOST_RUNS) runs.push({ start: this.#start, end: this.#start + this.#length });
  }
}

/** @returns the text that a run of base64 or base64url stands for; undefined when it is none */
export function decodedText(run: string): string | undefined {
  const bytes = Buffer.from(run, 'base64');
  // Anything else than text has a control character among its first bytes.
  return bytes.some((byte) => byte < 0x20 && (byte < 0x09 || byte > 0x0d))
    ? undefined
    : bytes.toString('utf8');
}

/** Whether an ASCII text has a run to look into. Reads only a few characters of most texts. */
export function hasLongRun(text: string): boolean {
  let last = SHORTEST_RUN - 1;
  while (last < text.length) {
    let place = last;
    while (place > last - SHORTEST_RUN && IN_RUN[text.charCodeAt(place)] === 1) place--;
    if (place === last - SHORTEST_RUN) return true;
    // A run begins behind this character at the earliest.
    last = place + SHORTEST_RUN;
  }
  return false;
}
