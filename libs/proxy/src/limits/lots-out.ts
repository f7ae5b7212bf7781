import type { BucketWish } from '@behavry/platform';
import type { Lease, Lot } from './lease';

/** With the time of a lot and the way to the store, less than a second: later ones are lost. */
const LATE_MS = 125;
/** Those that are over are looked for no more often than this, so that many cost no more than few. */
const LOOK_MS = 50;

/** All that was taken ahead, until its time is over: then what was not used goes back to its bucket. */
export class LotsOut {
  #lots: Lot[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly giveBack: (wishes: readonly BucketWish[]) => unknown,
    private readonly now: () => number,
  ) {}

  add(lot: Lot): void {
    this.#lots.push(lot);
    this.#wait();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#lots = [];
  }

  #wait(): void {
    const [oldest] = this.#lots;
    if (oldest === undefined || this.#timer !== undefined) return;
    this.#timer = setTimeout(this.#giveBack, Math.max(LOOK_MS, oldest.until - this.now()));
    this.#timer.unref();
  }

  readonly #giveBack = (): void => {
    this.#timer = undefined;
    const now = this.now();
    const isOver = ({ until }: Lot): boolean => until <= now;
    // By key: a limit that was changed may have two leases.
    const unused = new Map<string, { readonly lease: Lease; left: number }>();
    for (const { lease, left, until } of this.#lots.filter(isOver)) {
      if (left === 0 || now >= until + LATE_MS) continue;
      const all = unused.get(lease.key);
      if (all) all.left += left;
      else unused.set(lease.key, { lease, left });
    }
    this.#lots = this.#lots.filter((lot) => !isOver(lot));
    this.#wait();
    if (unused.size > 0) this.giveBack([...unused.values()].map(({ lease, left }) => lease.wish(-left)));
  };
}
