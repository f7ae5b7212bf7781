/** Stops asking for a short while after several failures in a row, so that a dead peer costs nothing. */
export class CircuitBreaker {
  #failures = 0;
  #openUntil = 0;
  #isProbing = false;

  /**
   * @param now milliseconds, monotonic or not
   * @param threshold failures in a row that open it
   * @param openMs how long it stays open before one call may try again
   */
  constructor(
    private readonly now: () => number,
    private readonly threshold = 5,
    private readonly openMs = 500,
  ) {}

  /** @returns whether a call may be made; every `true` must be followed by {@link report} or {@link forget} */
  permits(): boolean {
    if (this.#failures < this.threshold) return true;
    if (this.now() < this.#openUntil || this.#isProbing) return false;
    this.#isProbing = true;
    return true;
  }

  report(succeeded: boolean): void {
    this.#isProbing = false;
    this.#failures = succeeded ? 0 : this.#failures + 1;
    if (this.#failures >= this.threshold) this.#openUntil = this.now() + this.openMs;
  }

  /** The call ended for a reason that says nothing about the peer. */
  forget(): void {
    this.#isProbing = false;
  }
}
