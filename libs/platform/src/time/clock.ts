/** Time is injected everywhere, so that grace periods and deadlines are tested by moving it. */
export abstract class Clock {
  /** @returns milliseconds since the Unix epoch */
  abstract now(): number;
}

/** The machine's clock; the only place in the product that reads it. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/** A clock that a test moves by hand. */
export class ManualClock extends Clock {
  #now: number;

  /** @param startMs milliseconds since the Unix epoch */
  constructor(startMs: number) {
    super();
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  /** @param ms milliseconds to move forward (negative: back) */
  advance(ms: number): void {
    this.#now += ms;
  }
}

/** @returns the instant as RFC 3339 in UTC with milliseconds */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
