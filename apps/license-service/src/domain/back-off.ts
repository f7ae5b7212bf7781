export interface BackOff {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * @param failures failures in a row, at least 1
 * @param random between 0 and 1; spreads planes that failed together
 * @returns milliseconds to wait: doubling, at most `maxMs`, of that between half and all
 */
export function backOffMs(failures: number, { firstMs, maxMs }: BackOff, random: number): number {
  const full = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), maxMs);
  return Math.round(full * (0.5 + random / 2));
}

/** @returns the interval ± 10 % */
export function jitteredMs(intervalMs: number, random: number): number {
  return Math.round(intervalMs * (0.9 + random * 0.2));
}
