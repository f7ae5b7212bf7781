/** Growing waits after failures in a row. */
export class BackOff {
  #failures = 0;

  /**
   * @param firstMs wait after the first failure; each further one doubles it
   * @param longestMs never longer than this
   */
  constructor(
    private readonly firstMs: number,
    private readonly longestMs: number,
  ) {}

  /** Counts a failure. @returns how long to wait, in ms */
  next(): number {
    const wait = Math.min(this.firstMs * 2 ** this.#failures, this.longestMs);
    this.#failures += 1;
    return wait;
  }

  /** It worked: the next failure is a first one. */
  reset(): void {
    this.#failures = 0;
  }
}
