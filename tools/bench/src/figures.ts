import type { LoadResult } from './load';

/** One way to the upstream, measured in the same run as all others. */
export interface Measured {
  readonly way: string;
  readonly closed: LoadResult;
  readonly paced: LoadResult;
  /** CPU of everything between the agent and the upstream, µs a call, closed loop. */
  readonly cpuPerCall: number;
  readonly cpuPerCallOf: Readonly<Record<string, number>>;
}

/** Ratios to the bare pass-through: what can be compared from machine to machine. */
export interface Ratios {
  readonly way: string;
  readonly cpu: number;
  readonly callsPerSecond: number;
  readonly addedP50Ms: number;
  readonly addedP99Ms: number;
}

/**
 * @param floor the bare pass-through of the same run
 * @param direct the upstream without anything before it, for the latency that is added
 */
export function ratiosOf(measured: Measured, floor: Measured, direct: Measured): Ratios {
  return {
    way: measured.way,
    cpu: measured.cpuPerCall / floor.cpuPerCall,
    callsPerSecond: rate(measured.closed) / rate(floor.closed),
    addedP50Ms: measured.paced.p50 - direct.paced.p50,
    addedP99Ms: measured.paced.p99 - direct.paced.p99,
  };
}

export function rate({ calls, seconds }: LoadResult): number {
  return calls / seconds;
}

/** @returns the value below which a share of the values lies */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
