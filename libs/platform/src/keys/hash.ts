import { hash, randomUUID, timingSafeEqual } from 'node:crypto';

/** @returns lower-case hex SHA-256 of the text's UTF-8 bytes or of the bytes */
export function sha256Hex(data: string | Uint8Array): string {
  return hash('sha256', data, 'hex');
}

/** @returns the 32 bytes of SHA-256 */
export function sha256(data: string | Uint8Array): Buffer {
  return hash('sha256', data, 'buffer');
}

/** Compares two texts in time that depends only on their lengths. */
export function equalInConstantTime(a: string, b: string): boolean {
  return timingSafeEqual(sha256(a), sha256(b));
}

/**
 * A UUID of version 7 (RFC 9562 §5.7): 48 bits of time, then random bits.
 * @param nowMs milliseconds since the Unix epoch
 */
export function uuidv7(nowMs: number): string {
  const time = nowMs.toString(16).padStart(12, '0');
  // What a random UUID says after its version stays: the variant and 74 random bits, drawn from a pool.
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}
