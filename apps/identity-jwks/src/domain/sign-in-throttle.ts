import {
  ADDRESS_RULE,
  afterFailure,
  FailureMemory,
  isForgotten,
  RecentMap,
  USERNAME_RULE,
  type Failures,
} from './throttle';

/** From a familiar address the name signed in this lately: strangers' guesses elsewhere never keep it waiting. */
const FAMILIAR_MS = 30 * 86_400_000;
/** Its own misses cost less, because somebody else may stand behind the same address. */
const FAMILIAR_RULE = { ...USERNAME_RULE, maxDelayMs: 10_000 };

/** Misses of one name from anywhere, before each further try from elsewhere has its price. */
const FREE_MISSES_OF_NAME = 20;
/** The price of such a try: a wait of the address itself, which nobody else can make longer. */
const PRICE_MS = 15_000;

/**
 * How long a try to sign in must wait. Misses count for the name from this address, for the address whatever the name,
 * and, slowly, for the name from anywhere. No number of strangers' misses refuses a right password for ever: a familiar
 * address does not pay for them, any other pays the same price for each try. A name that does not exist is treated
 * alike. Nothing is stored: a restart forgives, and no stranger can cause one.
 */
export class SignInThrottle {
  readonly #pairs = new FailureMemory(USERNAME_RULE);
  readonly #addresses = new FailureMemory(ADDRESS_RULE);
  readonly #names = new RecentMap<Failures>();
  readonly #familiar = new RecentMap<number>();
  /** When an address first asked for a try that has a price. */
  readonly #asked = new RecentMap<number>();

  /** @returns milliseconds to wait; 0 when a try may be made now */
  waitMs(name: string, address: string, now: number): number {
    const pair = pairOf(name, address);
    const goodAt = this.#familiar.get(pair);
    if (goodAt !== undefined && now - goodAt < FAMILIAR_MS)
      return this.#pairs.waitMs(pair, now, FAMILIAR_RULE);
    return Math.max(
      this.#pairs.waitMs(pair, now),
      this.#addresses.waitMs(address, now),
      this.#price(name, pair, now),
    );
  }

  missed(name: string, address: string, now: number): void {
    const pair = pairOf(name, address);
    this.#pairs.fail(pair, now);
    this.#addresses.fail(address, now);
    this.#names.set(name, afterFailure(this.#names.get(name), now, USERNAME_RULE));
    this.#asked.delete(pair);
  }

  signedIn(name: string, address: string, now: number): void {
    const pair = pairOf(name, address);
    this.#pairs.forgive(pair);
    this.#asked.delete(pair);
    this.#familiar.set(pair, now);
  }

  #price(name: string, pair: string, now: number): number {
    const misses = this.#names.get(name);
    if (!misses || misses.count < FREE_MISSES_OF_NAME || isForgotten(misses, now, USERNAME_RULE)) return 0;
    const askedAt = this.#asked.get(pair) ?? now;
    if (askedAt === now) this.#asked.set(pair, now);
    return Math.max(askedAt + PRICE_MS - now, 0);
  }
}

function pairOf(name: string, address: string): string {
  return `${address} ${name}`;
}
