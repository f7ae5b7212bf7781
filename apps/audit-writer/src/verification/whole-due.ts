const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/**
 * Whether all of the chain is to be read again: once a day, from a given hour on.
 * @param wholeAt when it was read last, in ms since the Unix epoch; undefined for never
 * @param hour of the day, UTC
 */
export function isWholeDue(wholeAt: number | undefined, now: number, hour: number): boolean {
  if (wholeAt === undefined) return true;
  const today = Math.floor(now / DAY_MS) * DAY_MS + hour * HOUR_MS;
  const last = now < today ? today - DAY_MS : today;
  return wholeAt < last;
}
