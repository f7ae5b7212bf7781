/** A request path that every program behind the edge reads in the same way, or why it is refused. */
export type SafePath =
  { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

// Encoded slash, backslash, dot, and control characters: programs disagree on when to decode them.
const ENCODED_TRAPS = /%(?:2f|5c|2e|[01][0-9a-f]|7f)/iu;

const CONTROL = /[\u0000-\u0020\u007f-\uffff]/u;

/**
 * Checks the target of a request before anything is routed by it.
 * @param target as it stood on the request line, with its query
 * @returns the decoded path without query, or why it is ambiguous
 */
export function safePath(target: string): SafePath {
  if (!target.startsWith('/')) return refuse('it is not an absolute path');
  if (CONTROL.test(target)) return refuse('it holds control characters or blanks');
  if (target.includes('#')) return refuse('it holds a fragment');
  const raw = target.split('?', 1)[0] ?? '';
  if (raw.includes('\\')) return refuse('it holds a backslash');
  if (ENCODED_TRAPS.test(raw)) return refuse('it holds an encoded slash, dot or control character');
  if (raw.includes('//')) return refuse('it holds an empty segment');
  if (raw.split('/').some((segment) => /^\.{1,2}(?:;|$)/u.test(segment)))
    return refuse('it holds a dot segment');
  try {
    return { ok: true, path: decodeURIComponent(raw) };
  } catch {
    return refuse('its percent encoding is broken');
  }
}

function refuse(why: string): SafePath {
  return { ok: false, why };
}
