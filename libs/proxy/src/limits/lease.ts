import type { RateLimit } from '@behavry/pipeline';
import type { BucketWish } from '@behavry/platform';

/** How long what was taken ahead may be used. The rest of the second is for the way back of what was not. */
export const LEASE_MS = 750;
const SECOND_MS = 1_000;
/** Of the limit, what a process asks for at once. */
const PART = 1 / 20;
/** A minute; under lower limits each call asks. */
const LEASED_FROM = 60;
/** Of what was used in a second, what is taken ahead. */
const AHEAD = 1 / 4;
/** A bucket that is empty is asked no more often than this. */
const PAUSE_MS = 10;

/** Calls that were taken together, and may be used until then. */
export interface Lot {
  readonly lease: Lease;
  readonly until: number;
  left: number;
}

/** What a process has of one limit. All times are its monotonic clock's. */
export class Lease {
  readonly key: string;
  readonly #bucket: Pick<BucketWish, 'key' | 'capacity' | 'perSecond'>;
  /** Whether calls are taken ahead; else each call asks. */
  readonly isAhead: boolean;
  /** Calls that wait for this limit now. */
  waiting = 0;
  /** What was asked of the store and is not answered yet; never rejects. */
  asked: Promise<void> | undefined;
  readonly #perMinute: number;
  readonly #max: number;
  #lots: Lot[] = [];
  #refusedUntil = 0;
  #secondEndsAt = 0;
  #used = 0;
  #usedBefore = 0;

  constructor({ key, perMinute }: RateLimit) {
    this.key = key;
    if (perMinute <= 0) this.#refusedUntil = Infinity;
    this.isAhead = perMinute >= LEASED_FROM;
    this.#perMinute = perMinute;
    this.#max = Math.floor(perMinute * PART);
    const perSecond = perMinute / 60;
    // What is held out there is not in the bucket, into which more may flow meanwhile: room for a second of that is
    // left, or a full bucket and what is held would together be more than the limit.
    this.#bucket = { key, capacity: this.isAhead ? perMinute - perSecond : perMinute, perSecond };
  }

  isOf(limit: RateLimit): boolean {
    return limit.perMinute === this.#perMinute;
  }

  /** @returns a wish of the bucket of this limit */
  wish(amount: number, least: number = amount): BucketWish {
    return { ...this.#bucket, amount, least };
  }

  /** @returns milliseconds until there may be a call again; 0 when there may be one now */
  waitMs(now: number): number {
    return this.#refusedUntil <= now || this.has(now) ? 0 : this.#refusedUntil - now;
  }

  /** The bucket was found empty. */
  refuse(now: number, waitMs: number): void {
    this.#refusedUntil = now + (this.isAhead ? Math.max(waitMs, PAUSE_MS) : waitMs);
  }

  /** @returns whether a call is here that may be used */
  has(now: number): boolean {
    for (;;) {
      const [oldest] = this.#lots;
      if (oldest === undefined) return false;
      if (oldest.left > 0 && oldest.until > now) return true;
      this.#lots.shift();
    }
  }

  /** Uses a call; only when it {@link has} one. @returns where it came from, to which it may be put back */
  use(now: number): Lot {
    const [lot] = this.#lots;
    if (lot === undefined) throw new Error('there is no call to use');
    lot.left -= 1;
    this.#turnSecond(now);
    this.#used += 1;
    return lot;
  }

  /** Keeps what the bucket gave. @param askedAt when it was asked for, at which its time begins */
  keep(calls: number, askedAt: number): Lot {
    const lot = { lease: this, until: askedAt + LEASE_MS, left: calls };
    this.#lots.push(lot);
    return lot;
  }

  /** @returns whether it is time to ask for more in the background */
  isLow(now: number): boolean {
    if (this.asked !== undefined || this.#refusedUntil > now) return false;
    const ahead = this.#ahead(now);
    return ahead > 0 && this.#left() * 2 <= ahead;
  }

  /** @returns for how many calls to ask at once: those that wait, and some ahead */
  wanted(now: number): number {
    const missing = this.waiting + this.#ahead(now) - (this.has(now) ? this.#left() : 0);
    return Math.min(this.#max, Math.max(1, missing));
  }

  #left(): number {
    let left = 0;
    for (const lot of this.#lots) left += lot.left;
    return left;
  }

  // Nothing for whoever calls less than once in a second: it would only go back.
  #ahead(now: number): number {
    this.#turnSecond(now);
    const inSecond = Math.max(this.#used, this.#usedBefore);
    return inSecond < 2 ? 0 : Math.min(this.#max, Math.ceil(inSecond * AHEAD));
  }

  #turnSecond(now: number): void {
    if (now < this.#secondEndsAt) return;
    this.#usedBefore = now < this.#secondEndsAt + SECOND_MS ? this.#used : 0;
    this.#used = 0;
    this.#secondEndsAt = now + SECOND_MS;
  }
}
