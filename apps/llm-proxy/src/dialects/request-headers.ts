import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from './dialect';

const PLAIN_VALUE = /^[A-Za-z0-9][A-Za-z0-9 ,;=._/-]{0,127}$/;
const KEY = /^[\x21-\x7e]{1,512}$/;

/** What of a request's headers goes on to the provider. */
export interface OutboundHeaders {
  /** The key for the provider that it brings. */
  readonly ownKey: string | undefined;
  /** The agent's own, by lower-case name; they are scanned like the body. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Everything that the dialect does not name stays here, above all the agent's token; so does what does not look like a
 * value of such a header, and what chooses an account while the plane pays.
 * @returns undefined when the request brings a key that is none
 */
export function outboundHeaders(
  { keyHeader, passedOn }: Dialect,
  headers: IncomingHttpHeaders,
): OutboundHeaders | undefined {
  const own = headers[keyHeader];
  if (own !== undefined && (typeof own !== 'string' || !KEY.test(own))) return undefined;
  const kept: Record<string, string> = {};
  for (const name of own === undefined ? passedOn.always : [...passedOn.always, ...passedOn.besideOwnKey]) {
    const value = headers[name];
    if (typeof value === 'string' && PLAIN_VALUE.test(value)) kept[name] = value;
  }
  return { ownKey: own, headers: kept };
}
