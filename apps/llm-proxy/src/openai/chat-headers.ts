import type { IncomingHttpHeaders } from 'node:http';

/** Headers of an agent that go on to the provider; everything else stays here, above all its token. */
const FORWARDED = ['openai-organization', 'openai-project', 'openai-beta', 'idempotency-key'] as const;
const PLAIN_VALUE = /^[A-Za-z0-9][A-Za-z0-9 ,;=._-]{0,127}$/;
const KEY = /^[\x21-\x7e]{1,512}$/;

/** @returns the headers that may go on; what does not look like one of their values is left out */
export function forwardedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of FORWARDED) {
    const value = headers[name];
    if (typeof value === 'string' && PLAIN_VALUE.test(value)) kept[name] = value;
  }
  return kept;
}

/** The provider key that a request brings: none, a usable one, or `malformed`. */
export function keyOf(headers: IncomingHttpHeaders): {
  readonly key: string | undefined;
  readonly isMalformed: boolean;
} {
  const value = headers['x-openai-key'];
  if (value === undefined) return { key: undefined, isMalformed: false };
  return typeof value === 'string' && KEY.test(value)
    ? { key: value, isMalformed: false }
    : { key: undefined, isMalformed: true };
}
