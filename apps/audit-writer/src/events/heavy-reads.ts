import { ProblemError } from '@behavry/platform';

/** Keeps reads of many rows from crowding out the writing of it. */
export class HeavyReads {
  #running = 0;

  /** @param most how many may run at the same time in this process */
  constructor(private readonly most: number) {}

  /**
   * Takes a place.
   * @returns gives it back; more than once is the same as once
   * @throws ProblemError 429 when all are taken
   */
  enter(): () => void {
    if (this.#running >= this.most) {
      throw new ProblemError('too_many_requests', 'Too many reads of this kind run now.', {
        headers: { 'retry-after': '5' },
      });
    }
    this.#running += 1;
    let isInside = true;
    return () => {
      if (isInside) this.#running -= 1;
      isInside = false;
    };
  }
}
