/**
 * Whether a client already has what it asks for (RFC 9110 §13.1.2): lists, `*`, and weak marks are
 * understood. Without the header the answer is no, so that a 304 is never sent unasked.
 */
export function isCurrent(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((entry) => {
    const tag = entry.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}

/**
 * How long a client is willing to wait (RFC 7240 §4.3), in seconds.
 * @param prefer value of the header, for example `modes=snapshot,delta;wait=45`
 * @returns undefined when it says nothing of waiting
 */
export function waitOf(prefer: string | undefined): number | undefined {
  const seconds = /(?:^|[;,\s])wait\s*=\s*"?(\d{1,6})"?(?=$|[;,\s])/i.exec(prefer ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds);
}
