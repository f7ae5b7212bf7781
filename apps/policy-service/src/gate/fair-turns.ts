import { ProblemError } from '@behavry/platform';

/** How many works may run and wait. */
export interface TurnLimits {
  readonly atOnce: number;
  /** Of one owner; below `atOnce`, so that one owner's slow works leave room for others. */
  readonly atOnceOfOne: number;
  readonly maxWaiting: number;
  /** Of one owner. */
  readonly maxWaitingOfOne: number;
}

interface Waiting {
  readonly owner: string;
  readonly start: () => void;
}

/** Lets at most so many works run at once, of all and of one owner; the others wait in order, up to a bound. */
export class FairTurns {
  readonly #running = new Map<string, number>();
  #total = 0;
  readonly #waiting: Waiting[] = [];

  constructor(private readonly limits: TurnLimits) {}

  /**
   * @param owner whose work it is, a tenant
   * @throws ProblemError 503 when too many wait already
   */
  async take<T>(owner: string, work: () => Promise<T>): Promise<T> {
    if (this.#mayStart(owner)) this.#count(owner, 1);
    else await this.#wait(owner);
    try {
      return await work();
    } finally {
      this.#count(owner, -1);
      const next = this.#waiting.findIndex((waiting) => this.#mayStart(waiting.owner));
      const [started] = next < 0 ? [] : this.#waiting.splice(next, 1);
      if (started) {
        this.#count(started.owner, 1);
        started.start();
      }
    }
  }

  #mayStart(owner: string): boolean {
    const { atOnce, atOnceOfOne } = this.limits;
    return this.#total < atOnce && (this.#running.get(owner) ?? 0) < atOnceOfOne;
  }

  #count(owner: string, change: 1 | -1): void {
    this.#total += change;
    const running = (this.#running.get(owner) ?? 0) + change;
    if (running === 0) this.#running.delete(owner);
    else this.#running.set(owner, running);
  }

  #wait(owner: string): Promise<void> {
    const { maxWaiting, maxWaitingOfOne } = this.limits;
    const own = this.#waiting.filter((waiting) => waiting.owner === owner).length;
    if (this.#waiting.length >= maxWaiting || own >= maxWaitingOfOne) {
      throw new ProblemError('unavailable', 'Too many policies are being checked; try again shortly.', {
        headers: { 'retry-after': '2' },
      });
    }
    return new Promise((start) => this.#waiting.push({ owner, start }));
  }
}
