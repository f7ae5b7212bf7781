import { BUILT_IN_DLP_PATTERNS, PatternSet, scanText } from '@behavry/domain';

/** What stands where a secret would: the plane that sends it looks it up for itself. The control plane keeps no secrets. */
export const SECRET_REFERENCE =
  /^(?:env:BEHAVRY_SECRET_[A-Z0-9_]{1,100}|file:[A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;
export const REFERENCE_RULE = 'a reference is env:BEHAVRY_SECRET_<NAME> or file:<name>';
export const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Headers that belong to the connection between a proxy and what is behind it. */
const OWN_HEADERS: readonly string[] = [
  'host',
  'connection',
  'content-length',
  'content-type',
  'accept',
  'accept-encoding',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'keep-alive',
  'expect',
  'mcp-session-id',
  'mcp-protocol-version',
  'last-event-id',
];
/** Names whose values are secrets by their purpose. */
const SECRET_NAME =
  /auth|cookie|token|secret|passw|pwd|credential|signature|private|session|api[-_]?key|access[-_]?key|(^|[-_])(key|sig)([-_]|$)/i;
/** A long run without spaces that mixes letters and digits is taken for a key. */
const KEY_LIKE = /^(?=.*[A-Za-z])(?=.*\d)[A-Za-z0-9+/_=.-]{32,}$/;
const SCHEME = /^(?:bearer|basic|digest|token)\s+\S/i;

const CREDENTIALS = new PatternSet(BUILT_IN_DLP_PATTERNS.filter(({ tags }) => tags.includes('credential')));

export function isOwnHeader(name: string): boolean {
  return OWN_HEADERS.includes(name.toLowerCase());
}

export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** @returns whether a text is a secret, or looks so much like one that it is taken for it */
export function isSecret(value: string): boolean {
  return KEY_LIKE.test(value) || isCredential(value);
}

/** @returns whether a text has the form of a known credential */
export function isCredential(value: string): boolean {
  return SCHEME.test(value) || scanText(value, CREDENTIALS).length > 0;
}

/** @returns what keeps an address from being registered; undefined when nothing does */
export function urlFault(text: string): string | undefined {
  if (!URL.canParse(text) || /[\s\p{Cc}]/u.test(text)) return 'must be an absolute URL';
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'must be http or https';
  if (url.username !== '' || url.password !== '') return 'must not hold credentials';
  if (url.hash !== '') return 'must not have a fragment';
  const holdsSecret = [...url.searchParams].some(([name, value]) => isSecretName(name) || isSecret(value));
  return holdsSecret || isCredential(text)
    ? 'must not hold a secret; send it as a header by reference'
    : undefined;
}
