import type { RateAnswer, RateLimit, RateLimiter } from '../../ports/ports';

interface Bucket {
  tokens: number;
  filledAt: number;
}

const MAX_BUCKETS = 50_000;
const MINUTE_MS = 60_000;

/** Token buckets in this process: exact for one replica, and what remains when no shared store answers. */
export class TokenBucketLimiter implements RateLimiter {
  readonly #buckets = new Map<string, Bucket>();

  /** @param now milliseconds since the Unix epoch */
  constructor(private readonly now: () => number) {}

  take(limits: readonly RateLimit[]): RateAnswer {
    const now = this.now();
    let waitSeconds = 0;
    const buckets = limits.map((limit) => {
      const bucket = this.#filled(limit, now);
      if (bucket.tokens < 1) {
        const perSecond = Math.max(limit.perMinute, 1e-9) / 60;
        waitSeconds = Math.max(waitSeconds, Math.min(60, Math.ceil((1 - bucket.tokens) / perSecond)));
      }
      return bucket;
    });
    if (waitSeconds > 0) return { allowed: false, retryAfterSeconds: waitSeconds };
    for (const bucket of buckets) bucket.tokens -= 1;
    return { allowed: true };
  }

  #filled({ key, perMinute }: RateLimit, now: number): Bucket {
    const bucket = this.#buckets.get(key) ?? { tokens: perMinute, filledAt: now };
    // Most recently used last, so that the oldest can be forgotten.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const gained = (Math.max(0, now - bucket.filledAt) * perMinute) / MINUTE_MS;
    bucket.tokens = Math.min(perMinute, bucket.tokens + gained);
    bucket.filledAt = now;
    if (this.#buckets.size > MAX_BUCKETS) {
      const oldest = this.#buckets.keys().next();
      if (!oldest.done) this.#buckets.delete(oldest.value);
    }
    return bucket;
  }
}
