const REVISION = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

/**
 * The next revision of a tenant: the time of its making, `YYYYMMDDTHHMMSSZ`, and always later than the one
 * before, so that revisions made within a second (or after a clock went back) stay in order.
 * @param previous the tenant's last revision
 * @param nowMs milliseconds since the Unix epoch
 */
export function nextRevision(previous: string | undefined, nowMs: number): string {
  const present = Math.floor(nowMs / 1000);
  const last = previous === undefined ? undefined : secondsOf(previous);
  return textOf(last === undefined ? present : Math.max(present, last + 1));
}

function textOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d{3}|[-:]/g, '');
}

function secondsOf(revision: string): number | undefined {
  const [, year, month, day, hour, minute, second] = REVISION.exec(revision)?.map(Number) ?? [];
  if (year === undefined || month === undefined) return undefined;
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
