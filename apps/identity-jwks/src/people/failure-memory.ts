import { afterFailure, waitMs, type Failures, type ThrottleRule } from '../domain/throttle';

const MAX_KEYS = 20_000;

/** Failures by key in this process, bounded: when full, the key that failed longest ago is forgotten. */
export class FailureMemory {
  readonly #failures = new Map<string, Failures>();

  constructor(private readonly rule: ThrottleRule) {}

  /** @returns milliseconds to wait; 0 when a try may be made now */
  waitMs(key: string, now: number): number {
    return waitMs(this.#failures.get(key), now, this.rule);
  }

  fail(key: string, now: number): void {
    const failures = afterFailure(this.#failures.get(key), now, this.rule);
    this.#failures.delete(key);
    if (this.#failures.size >= MAX_KEYS) {
      const oldest = this.#failures.keys().next();
      if (!oldest.done) this.#failures.delete(oldest.value);
    }
    this.#failures.set(key, failures);
  }

  forgive(key: string): void {
    this.#failures.delete(key);
  }
}
