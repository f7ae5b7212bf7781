/** Counts what is under way at once, by key; nothing waits here. */
export class Slots {
  readonly #taken = new Map<string, number>();

  /**
   * @param key what is counted together, for example `stream:<agent>`
   * @returns gives the slot back, once; undefined when all are taken
   */
  take(key: string, max: number): (() => void) | undefined {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= max) return undefined;
    this.#taken.set(key, taken + 1);
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      const left = (this.#taken.get(key) ?? 1) - 1;
      if (left > 0) this.#taken.set(key, left);
      else this.#taken.delete(key);
    };
  }
}
