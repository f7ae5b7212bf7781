/** Calls and refusals of one agent in one minute; `minute` counts minutes since the Unix epoch. */
export interface ActivityBucket {
  readonly minute: number;
  readonly calls: number;
  readonly denials: number;
}

/** What is usual for an agent: calls a minute over the minutes in which it was active. */
export interface ActivityBaseline {
  readonly minutes: number;
  readonly mean: number;
  readonly variance: number;
}

/** What is remembered of an agent; bounded by the hour of buckets. */
export interface AgentActivity {
  /** Oldest first. */
  readonly buckets: readonly ActivityBucket[];
  readonly baseline: ActivityBaseline;
  /** Minutes up to and with this one are part of the baseline. */
  readonly learnedThrough: number;
}

/** One audited call, as far as activity goes. */
export interface ActivityEvent {
  readonly atMs: number;
  readonly isDenial: boolean;
}

export interface ActivityWindow {
  readonly minutes: number;
  readonly calls: number;
  readonly denials: number;
  /** Calls of the busiest single minute. */
  readonly peak: number;
}

const MINUTE_MS = 60_000;
const KEPT_MINUTES = 60;
/** A minute is learned once it has been over for this long: late events still count in it. */
const SETTLE_MINUTES = 2;
/** Weight of a new minute once the baseline is older than that. */
const SLOWEST_WEIGHT = 0.02;

export const NO_ACTIVITY: AgentActivity = {
  buckets: [],
  baseline: { minutes: 0, mean: 0, variance: 0 },
  learnedThrough: -1,
};

/**
 * Counts events in, learns from the minutes that are over, and forgets those that are too old.
 * @param nowMs the present, in ms since the Unix epoch
 */
export function withEvents(
  activity: AgentActivity,
  events: readonly ActivityEvent[],
  nowMs: number,
): AgentActivity {
  const now = Math.floor(nowMs / MINUTE_MS);
  const byMinute = new Map(activity.buckets.map((bucket) => [bucket.minute, bucket]));
  for (const { atMs, isDenial } of events) {
    const minute = Math.min(Math.floor(atMs / MINUTE_MS), now);
    const { calls, denials } = byMinute.get(minute) ?? { calls: 0, denials: 0 };
    byMinute.set(minute, { minute, calls: calls + 1, denials: denials + (isDenial ? 1 : 0) });
  }
  const all = [...byMinute.values()].sort((a, b) => a.minute - b.minute);
  const learnable = now - SETTLE_MINUTES;
  let { baseline } = activity;
  for (const bucket of all) {
    if (bucket.minute > activity.learnedThrough && bucket.minute <= learnable)
      baseline = learn(baseline, bucket.calls);
  }
  return {
    buckets: all.filter(({ minute }) => minute > now - KEPT_MINUTES),
    baseline,
    learnedThrough: Math.max(activity.learnedThrough, learnable),
  };
}

/**
 * Sums up the last minutes.
 * @param sinceMs events of minutes that began before this instant do not count
 */
export function windowOf(
  activity: AgentActivity,
  nowMs: number,
  minutes: number,
  sinceMs = 0,
): ActivityWindow {
  const first = Math.max(Math.floor(nowMs / MINUTE_MS) - minutes + 1, Math.ceil(sinceMs / MINUTE_MS));
  const counted = activity.buckets.filter(({ minute }) => minute >= first);
  return {
    minutes,
    calls: counted.reduce((sum, { calls }) => sum + calls, 0),
    denials: counted.reduce((sum, { denials }) => sum + denials, 0),
    peak: Math.max(0, ...counted.map(({ calls }) => calls)),
  };
}

/** Exponentially weighted mean and variance; the first minutes weigh alike. */
function learn(baseline: ActivityBaseline, calls: number): ActivityBaseline {
  const minutes = baseline.minutes + 1;
  const weight = Math.max(1 / minutes, SLOWEST_WEIGHT);
  const difference = calls - baseline.mean;
  const mean = baseline.mean + weight * difference;
  const variance = (1 - weight) * (baseline.variance + weight * difference * difference);
  return { minutes, mean, variance };
}
