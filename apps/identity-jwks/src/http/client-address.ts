import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * The address that a request came from, for throttling only. The last entry of X-Forwarded-For was written
 * by the edge that stands before us, so a caller cannot choose it.
 */
export function clientAddress(request: FastifyRequest): string {
  const forwarded = request.headers['x-forwarded-for'];
  const text = Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '');
  const last = text.split(',').at(-1)?.trim() ?? '';
  return isIP(last) === 0 ? request.ip : last;
}
