import type { RateAnswer, RateLimit, RateLimiter } from '@behavry/pipeline';
import type { BucketAnswer, BucketWish, Logger, PlaneBuckets } from '@behavry/platform';
import { Lease } from './lease';
import { LotsOut } from './lots-out';
import { StoreWatch } from './store-watch';

const MAX_LEASES = 50_000;
const ALLOWED: RateAnswer = { allowed: true };
/** Takes nothing, in the way in which calls are taken. */
const PROBE: readonly BucketWish[] = [{ key: 'probe', capacity: 1, perSecond: 1, amount: 0 }];
const LONGEST_WAIT_SECONDS = 60;

export interface SharedLimiterOptions {
  readonly buckets: PlaneBuckets;
  /** Counts while the store is away. It stays the same, so that a store that comes and goes gives nothing away. */
  readonly local: { take(limits: readonly RateLimit[]): RateAnswer };
  readonly log: Pick<Logger, 'warn' | 'info'>;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/**
 * Counts calls in buckets that all processes of the plane share: together they let through what one bucket would.
 *
 * Under limits from 60 a minute a process takes a few calls ahead of need and asks for more before they run out, so that
 * most calls wait for nothing. Under lower limits each call asks. While the store is away this process counts alone.
 */
export class SharedLimiter implements RateLimiter {
  readonly #leases = new Map<string, Lease>();
  readonly #buckets: PlaneBuckets;
  readonly #watch: StoreWatch;
  readonly #out: LotsOut;
  readonly #local: SharedLimiterOptions['local'];
  readonly #now: () => number;

  constructor({ buckets, local, log, now = () => performance.now() }: SharedLimiterOptions) {
    this.#local = local;
    this.#now = now;
    this.#buckets = buckets;
    this.#watch = new StoreWatch({
      probe: () => buckets.take(PROBE),
      log,
      lost: 'the store of limits does not answer; this process counts alone',
      found: 'limits are counted together with the other processes again',
    });
    this.#out = new LotsOut((wishes) => {
      if (this.#watch.isThere) void this.#take(wishes);
    }, now);
  }

  /** Whether the plane's processes count together at present. */
  get isShared(): boolean {
    return this.#watch.isThere;
  }

  /** Connects to the store; a call should not have to wait for that. */
  start(): Promise<void> {
    return this.#watch.start();
  }

  close(): void {
    this.#watch.close();
    this.#out.close();
  }

  take(limits: readonly RateLimit[]): RateAnswer | Promise<RateAnswer> {
    if (!this.#watch.isThere) return this.#local.take(limits);
    const now = this.#now();
    const leases = limits.map((limit) => this.#leaseOf(limit));
    const refused = refusalOf(leases, now);
    if (refused) return refused;
    for (const lease of leases) if (!lease.isAhead || !lease.has(now)) return this.#takeSoon(limits, leases);
    for (const lease of leases) this.#use(lease, now);
    return ALLOWED;
  }

  async #takeSoon(limits: readonly RateLimit[], leases: readonly Lease[]): Promise<RateAnswer> {
    for (const lease of leases) lease.waiting += 1;
    try {
      return (await this.#takeOf(leases)) ?? this.#local.take(limits);
    } finally {
      for (const lease of leases) lease.waiting -= 1;
    }
  }

  /** @returns undefined when the store is away */
  async #takeOf(leases: readonly Lease[]): Promise<RateAnswer | undefined> {
    // What came may be used by others before this call goes on: then it asks again, for all that wait.
    for (;;) {
      const now = this.#now();
      const refused = refusalOf(leases, now);
      if (refused) return refused;
      const pending = leases.flatMap((lease) => this.#pending(lease, now));
      if (pending.length > 0) await Promise.all(pending);
      else if (await this.#useAll(leases, now)) return ALLOWED;
      if (!this.#watch.isThere) return undefined;
    }
  }

  /** Uses a call of each, or none; asks where each call does. */
  async #useAll(leases: readonly Lease[], now: number): Promise<boolean> {
    const used = leases.filter(({ isAhead }) => isAhead).map((lease) => this.#use(lease, now));
    const direct = leases.filter(({ isAhead }) => !isAhead);
    if (direct.length === 0 || (await this.#askOnce(direct))) return true;
    for (const lot of used) lot.left += 1;
    return false;
  }

  /** @returns what must be waited for before the lease can be used or asked, if anything */
  #pending(lease: Lease, now: number): Promise<void> | readonly [] {
    if (!lease.isAhead) return lease.asked ?? [];
    return lease.has(now) ? [] : this.#refill(lease, now);
  }

  #use(lease: Lease, now: number): ReturnType<Lease['use']> {
    const lot = lease.use(now);
    if (lease.isLow(now)) void this.#refill(lease, now);
    return lot;
  }

  /** Asks for those that wait and for some ahead; all who want it meanwhile wait for the same answer. */
  #refill(lease: Lease, now: number): Promise<void> {
    if (lease.asked !== undefined) return lease.asked;
    return this.#ask([lease], [lease.wish(lease.wanted(now), 1)], ([answer]) => {
      if (answer && answer.granted > 0) this.#out.add(lease.keep(answer.granted, now));
    });
  }

  /** @returns whether there was a call of each */
  async #askOnce(leases: readonly Lease[]): Promise<boolean> {
    let isGranted = false;
    const wishes = leases.map((lease) => lease.wish(1));
    await this.#ask(leases, wishes, (answers) => {
      isGranted = answers.every(({ granted }) => granted > 0);
    });
    return isGranted;
  }

  #ask(
    leases: readonly Lease[],
    wishes: readonly BucketWish[],
    heard: (answers: readonly BucketAnswer[]) => void,
  ): Promise<void> {
    const asked = this.#take(wishes).then((answers) => {
      for (const lease of leases) lease.asked = undefined;
      if (answers === undefined) return;
      const now = this.#now();
      for (const [index, { waitMs }] of answers.entries()) if (waitMs > 0) leases[index]?.refuse(now, waitMs);
      heard(answers);
    });
    for (const lease of leases) lease.asked = asked;
    return asked;
  }

  #take(wishes: readonly BucketWish[]): Promise<readonly BucketAnswer[] | undefined> {
    return this.#watch.ask(() => this.#buckets.take(wishes));
  }

  #leaseOf(limit: RateLimit): Lease {
    const present = this.#leases.get(limit.key);
    if (present?.isOf(limit)) return present;
    const lease = new Lease(limit);
    // One that is forgotten is begun anew: what it held goes back by itself.
    this.#leases.delete(limit.key);
    this.#leases.set(limit.key, lease);
    if (this.#leases.size > MAX_LEASES) {
      const oldest = this.#leases.keys().next();
      if (!oldest.done) this.#leases.delete(oldest.value);
    }
    return lease;
  }
}

function refusalOf(leases: readonly Lease[], now: number): RateAnswer | undefined {
  let waitMs = 0;
  for (const lease of leases) waitMs = Math.max(waitMs, lease.waitMs(now));
  if (waitMs === 0) return undefined;
  return { allowed: false, retryAfterSeconds: Math.min(LONGEST_WAIT_SECONDS, Math.ceil(waitMs / 1000)) };
}
