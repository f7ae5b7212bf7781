import { ProblemError } from '@behavry/platform';

/**
 * @param header the header Idempotency-Key, if sent
 * @throws ProblemError 400 when it is no text of 1 to 200 visible characters
 */
export function idempotencyKeyOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (!/^[\x21-\x7e]{1,200}$/.test(header)) {
    throw new ProblemError('bad_request', 'Idempotency-Key has 1 to 200 visible characters.');
  }
  return header;
}
