import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Headers of one connection only (RFC 9110 §7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Claims about the client that only the edge may make, and what the edge answers itself. */
const NEVER_FORWARDED = /^(?:expect|host|forwarded|x-forwarded-.*|x-real-ip|x-original-.*|x-rewrite-url)$/u;

/** Set where an app says nothing of its own. */
const SECURITY_HEADERS = [
  ['x-content-type-options', 'nosniff'],
  ['referrer-policy', 'no-referrer'],
] as const;

/**
 * The headers that go on to an app: those of the client, without what concerns this connection, and
 * with where the request came from as the edge saw it.
 * @param hasBody without one, nothing is said about one
 */
export function forwardedHeaders(
  request: IncomingMessage,
  hasBody: boolean,
): Record<string, string | string[]> {
  const { headers } = request;
  const host = headers.host ?? '';
  const kept: Record<string, string | string[]> = {
    host,
    'x-forwarded-for': request.socket.remoteAddress ?? '',
    'x-forwarded-host': host,
    'x-forwarded-proto': 'http',
  };
  const nominated = nominatedBy(headers.connection);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || nominated?.has(name)) continue;
    if (NEVER_FORWARDED.test(name)) continue;
    if (!hasBody && (name === 'content-length' || name === 'content-type')) continue;
    kept[name] = value;
  }
  return kept;
}

/** The headers of an answer as a flat list, without those that concern the connection behind the edge. */
export function answerHeaders(headers: IncomingHttpHeaders): string[] {
  const kept: string[] = [];
  const nominated = nominatedBy(headers.connection);
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined || HOP_BY_HOP.has(name) || nominated?.has(name)) continue;
    if (typeof value === 'string') kept.push(name, value);
    else for (const each of value) kept.push(name, each);
  }
  for (const [name, value] of SECURITY_HEADERS) if (headers[name] === undefined) kept.push(name, value);
  return kept;
}

/** Names that a `Connection` header declares to concern this connection only; undefined for the usual values. */
function nominatedBy(connection: string | undefined): ReadonlySet<string> | undefined {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close') return undefined;
  const names = connection.split(',').map((name) => name.trim().toLowerCase());
  // The length of the body is the message's, whatever is claimed: it must not be lost with the connection.
  return new Set(names.filter((name) => name !== 'content-length'));
}
