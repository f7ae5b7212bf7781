/** Lets work of one key happen one after another, so that many guesses at once cannot outrun a throttle. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  /** Runs work after all earlier work of the same key has ended. */
  async take<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(key) ?? Promise.resolve();
    const mine = before.then(work);
    const done = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(key, done);
    try {
      return await mine;
    } finally {
      if (this.#last.get(key) === done) this.#last.delete(key);
    }
  }
}
