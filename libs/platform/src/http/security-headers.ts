import type { FastifyReply, FastifyRequest } from 'fastify';

const ALWAYS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Nothing that an API answers is a page; whoever serves one says what its page may load.
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  // Answers are for the one who asked; what may be kept says so itself.
  'cache-control': 'no-store',
};

/** Two years; browsers heed it only over https (RFC 6797 §8.1). */
const HTTPS_ONLY = 'max-age=63072000; includeSubDomains';

/**
 * Adds what every answer says to browsers, where the answer does not say it itself.
 * @param isPublicHttps whether the plane's public URL is https; without it the request's own scheme decides
 */
export function addSecurityHeaders(
  request: Pick<FastifyRequest, 'protocol'>,
  reply: FastifyReply,
  isPublicHttps: boolean,
): void {
  for (const [name, value] of Object.entries(ALWAYS)) if (!reply.hasHeader(name)) reply.header(name, value);
  if (isPublicHttps || request.protocol === 'https') reply.header('strict-transport-security', HTTPS_ONLY);
}
