/** Failures of one key in a row. */
export interface Failures {
  readonly count: number;
  /** Milliseconds since the Unix epoch. */
  readonly lastAt: number;
}

/** After `free` failures each further try waits, twice as long each time; silence of `forgetMs` forgives all. */
export interface ThrottleRule {
  readonly free: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly forgetMs: number;
}

/** One name from one address: slow after five misses, never locked for longer than five minutes. */
export const USERNAME_RULE: ThrottleRule = {
  free: 5,
  firstDelayMs: 2_000,
  maxDelayMs: 300_000,
  forgetMs: 900_000,
};

/** One address may stand for many people behind it, so it is given more. */
export const ADDRESS_RULE: ThrottleRule = {
  free: 50,
  firstDelayMs: 1_000,
  maxDelayMs: 60_000,
  forgetMs: 900_000,
};

/** One agent from one address. Secrets cannot be guessed; this keeps a broken client from hammering. */
export const AGENT_RULE: ThrottleRule = {
  free: 20,
  firstDelayMs: 1_000,
  maxDelayMs: 30_000,
  forgetMs: 300_000,
};

/** Sign-ups of one address, good ones too. */
export const SIGNUP_RULE: ThrottleRule = {
  free: 5,
  firstDelayMs: 60_000,
  maxDelayMs: 3_600_000,
  forgetMs: 3_600_000,
};

/** API keys that one person makes, because each change of who may act goes to every app. */
export const KEY_RULE: ThrottleRule = {
  free: 60,
  firstDelayMs: 10_000,
  maxDelayMs: 600_000,
  forgetMs: 3_600_000,
};

/** Whether failures lie so far back that they no longer count. */
export function isForgotten(failures: Failures, now: number, rule: ThrottleRule): boolean {
  return now - failures.lastAt >= rule.forgetMs;
}

/**
 * @param failures what happened so far, undefined when nothing did
 * @returns milliseconds to wait before the next try may be made; 0 when it may be made now
 */
export function waitMs(failures: Failures | undefined, now: number, rule: ThrottleRule): number {
  if (!failures || failures.count < rule.free || isForgotten(failures, now, rule)) return 0;
  const doublings = Math.min(failures.count - rule.free, 30);
  const delay = Math.min(rule.firstDelayMs * 2 ** doublings, rule.maxDelayMs);
  return Math.max(failures.lastAt + delay - now, 0);
}

/** @returns the failures after one more */
export function afterFailure(failures: Failures | undefined, now: number, rule: ThrottleRule): Failures {
  const count = failures && !isForgotten(failures, now, rule) ? failures.count + 1 : 1;
  return { count, lastAt: now };
}

const MAX_KEYS = 20_000;

/** A map of bounded size: when full, the key that was set longest ago is forgotten. */
export class RecentMap<T> {
  readonly #values = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    if (this.#values.size >= MAX_KEYS) {
      const oldest = this.#values.keys().next();
      if (!oldest.done) this.#values.delete(oldest.value);
    }
    this.#values.set(key, value);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}

/** Failures by key in this process. */
export class FailureMemory {
  readonly #failures = new RecentMap<Failures>();

  constructor(private readonly rule: ThrottleRule) {}

  /** @returns milliseconds to wait; 0 when a try may be made now */
  waitMs(key: string, now: number, rule = this.rule): number {
    return waitMs(this.#failures.get(key), now, rule);
  }

  fail(key: string, now: number): void {
    this.#failures.set(key, afterFailure(this.#failures.get(key), now, this.rule));
  }

  forgive(key: string): void {
    this.#failures.delete(key);
  }
}
