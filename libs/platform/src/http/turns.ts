/** How many works may run and wait. */
export interface TurnLimits {
  /** Of all owners together; no bound when not given. */
  readonly atOnce?: number;
  /** Of one owner; below `atOnce`, so that one owner's slow works leave room for others. As many as run when not given. */
  readonly atOnceOfOne?: number;
  /** Of all owners together; no bound when not given. */
  readonly maxWaiting?: number;
  /** Of one owner. As many as wait when not given. */
  readonly maxWaitingOfOne?: number;
}

interface Waiting {
  readonly owner: string;
  readonly start: () => void;
}

/** Lets at most so many works run at once, of all and of one owner; the others wait in order, up to a bound. */
export class Turns {
  readonly #limits: Required<TurnLimits>;
  readonly #running = new Map<string, number>();
  #total = 0;
  readonly #waiting: Waiting[] = [];

  /** @param full what is thrown at those that find too many waiting already */
  constructor(
    {
      atOnce = Infinity,
      atOnceOfOne = atOnce,
      maxWaiting = Infinity,
      maxWaitingOfOne = maxWaiting,
    }: TurnLimits,
    private readonly full: () => Error,
  ) {
    this.#limits = { atOnce, atOnceOfOne, maxWaiting, maxWaitingOfOne };
  }

  /**
   * @param owner whose work it is; all are one when not given
   * @throws what `full` gives, when too many wait already
   */
  async take<T>(work: () => Promise<T>, owner = ''): Promise<T> {
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
    const { atOnce, atOnceOfOne } = this.#limits;
    return this.#total < atOnce && (this.#running.get(owner) ?? 0) < atOnceOfOne;
  }

  #count(owner: string, change: 1 | -1): void {
    this.#total += change;
    const running = (this.#running.get(owner) ?? 0) + change;
    if (running === 0) this.#running.delete(owner);
    else this.#running.set(owner, running);
  }

  #wait(owner: string): Promise<void> {
    const { maxWaiting, maxWaitingOfOne } = this.#limits;
    const own = this.#waiting.filter((waiting) => waiting.owner === owner).length;
    if (this.#waiting.length >= maxWaiting || own >= maxWaitingOfOne) throw this.full();
    return new Promise((start) => this.#waiting.push({ owner, start }));
  }
}
