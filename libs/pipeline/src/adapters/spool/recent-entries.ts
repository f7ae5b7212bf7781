/** Entries kept in memory so that sending does not read the disk. */
const MOST = 20_000;

/** The newest durable entries of a spool, by their contiguous positions; the oldest of too many are forgotten. */
export class RecentEntries {
  readonly #texts: string[] = [];

  /** @param first position of the next entry */
  constructor(private first: number) {}

  /** Keeps the entry at the next position. */
  add(json: string): void {
    this.#texts.push(json);
    if (this.#texts.length > MOST) this.#drop(this.#texts.length - MOST / 2);
  }

  /** @returns up to `max` entries from a position on; undefined when that one is not kept any more */
  read(from: number, max: number): readonly string[] | undefined {
    const start = from - this.first;
    return start < 0 ? undefined : this.#texts.slice(start, start + max);
  }

  /** Nobody asks again for entries up to this position. */
  forgetTo(position: number): void {
    this.#drop(Math.max(0, position + 1 - this.first));
  }

  #drop(count: number): void {
    this.#texts.splice(0, count);
    this.first += count;
  }
}
