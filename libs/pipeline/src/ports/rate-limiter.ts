export interface RateLimit {
  readonly key: string;
  /** Sustained calls a minute, also the size of a burst. */
  readonly perMinute: number;
}

export type RateAnswer =
  { readonly allowed: true } | { readonly allowed: false; readonly retryAfterSeconds: number };

/** Counts calls. A call passes all its limits or is counted against none. */
export interface RateLimiter {
  take(limits: readonly RateLimit[]): RateAnswer | Promise<RateAnswer>;
}
