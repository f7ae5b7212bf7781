import { shapeFaultIn, type ShapeFault } from './json-shape';

/** Why a text was refused. */
export type JsonFault = 'too_large' | 'not_utf8' | ShapeFault;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown; readonly text: string }
  | { readonly ok: false; readonly fault: JsonFault };

export interface StrictJsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
  /** Lets numbers pass that a double cannot hold: for texts that are handed on as they came and judged by no number. */
  readonly allowsInexact?: boolean;
}

export const STRICT_JSON_LIMITS: StrictJsonLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Parses JSON so that no later reader can understand the same bytes differently: one value per key
 * (escaped spellings count as equal), whole code points, numbers a double can hold, no `__proto__`.
 * @param body bytes or text
 * @param limits size in bytes (characters for a text) and nesting depth
 * @see RFC 8259 §4 (duplicate names), RFC 7493 (I-JSON)
 */
export function parseStrictJson(
  body: Uint8Array | string,
  limits: StrictJsonLimits = STRICT_JSON_LIMITS,
): StrictJson {
  if (body.length > limits.maxBytes) return { ok: false, fault: 'too_large' };
  let text: string;
  try {
    text = typeof body === 'string' ? body : UTF8.decode(body);
  } catch {
    return { ok: false, fault: 'not_utf8' };
  }
  // The shape is walked first: it is iterative, so that no depth can overflow the parser's stack.
  const fault = shapeFaultIn(text, limits);
  if (fault) return { ok: false, fault };
  try {
    return { ok: true, value: JSON.parse(text) as unknown, text };
  } catch {
    return { ok: false, fault: 'not_json' };
  }
}
