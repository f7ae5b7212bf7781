import { ProblemError } from '../errors/problem-error';

/** @returns the strong ETag of a version of a thing */
export function etagOf(version: number | string): string {
  return `"${String(version)}"`;
}

/**
 * Refuses an update made from an older read (RFC 9110 §13.1.1). Without the header the update goes on.
 * @throws ProblemError 412
 */
export function checkIfMatch(header: string | undefined, etag: string): void {
  if (header === undefined || header.trim() === '*') return;
  const isNamed = header.split(',').some((entry) => entry.trim() === etag);
  if (!isNamed) {
    throw new ProblemError('precondition_failed', `Read it again: its ETag is now ${etag}.`);
  }
}
