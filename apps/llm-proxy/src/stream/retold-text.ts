/** A text that comes in pieces, and may then be told as a whole, never otherwise than the pieces told it. */
export class RetoldText {
  #text = '';
  #isWhole = false;

  get text(): string {
    return this.#text;
  }

  /** Whether it was told as a whole: nothing goes on. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** @returns false for what makes it another text */
  add(text: string, isWhole: boolean): boolean {
    // An empty piece is none, yet some readers take it for the whole of what comes.
    if (this.#isWhole && !isWhole) return false;
    if (this.#isWhole || (isWhole && this.#text !== '')) {
      if (text !== this.#text) return false;
    } else {
      this.#text += text;
    }
    this.#isWhole ||= isWhole;
    return true;
  }
}
