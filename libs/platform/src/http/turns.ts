/** Lets at most so many works run at once; the others wait in order, up to a bound. */
export class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  /** @param full what is thrown at those that find too many waiting already */
  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
    private readonly full: () => Error,
  ) {}

  /** Whether nothing runs or waits. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.atOnce) this.#running += 1;
    else await this.#wait();
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running -= 1;
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.maxWaiting) throw this.full();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
