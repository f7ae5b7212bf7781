import { ProblemError } from '@behavry/platform';

/** Lets at most so many works run at once; the others wait in order, up to a bound. */
export class Turns {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(
    private readonly atOnce: number,
    private readonly maxWaiting: number,
  ) {}

  /** @throws ProblemError 503 when too many wait already */
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
    if (this.#waiting.length >= this.maxWaiting) {
      throw new ProblemError('unavailable', 'Too many policies are being checked; try again shortly.', {
        headers: { 'retry-after': '2' },
      });
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
