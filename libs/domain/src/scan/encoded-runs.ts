/** Shortest and longest run of base64 that is looked into, in characters. */
const SHORTEST = 24;
const LONGEST = 4_096;
const MOST_RUNS = 16;

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
        if (this.#length >= SHORTEST && this.#length < LONGEST) this.#close(runs);
        this.#length = 0;
      }
    }
    return runs;
  }

  end(): readonly EncodedRun[] {
    const runs: EncodedRun[] = [];
    if (this.#length >= SHORTEST && this.#length < LONGEST) this.#close(runs);
    this.#length = 0;
    return runs;
  }

  #close(runs: EncodedRun[]): void {
    if (this.#found++ < MOST_RUNS) runs.push({ start: this.#start, end: this.#start + this.#length });
  }
}

/** @returns the text that a run of base64 or base64url stands for; undefined when it is none */
export function decodedText(run: string): string | undefined {
  const text = Buffer.from(run, 'base64').toString('utf8');
  let readable = 0;
  for (const character of text) if (/[\p{L}\p{N}\p{P}\s]/u.test(character)) readable++;
  return readable >= text.length * 0.9 ? text : undefined;
}
