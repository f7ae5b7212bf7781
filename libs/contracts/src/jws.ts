import { isObject, parsedJson } from './json';

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** A compact JWS (RFC 7515) taken apart; nothing in it is to be believed before its signature is verified. */
export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  /** Reads the payload; undefined when it is no JSON object. */
  readonly payload: () => Readonly<Record<string, unknown>> | undefined;
  /** What the signature is made over. */
  readonly signed: Buffer;
  readonly signature: Buffer;
}

/** @returns undefined for anything but RS256 without critical extensions */
export function readJws(compact: string): CompactJws | undefined {
  const parts = compact.split('.');
  const [head, body, signature] = parts;
  if (parts.length !== 3 || !head || !body || !signature || !BASE64URL.test(signature)) return undefined;
  const header = objectIn(head);
  if (header?.['alg'] !== 'RS256' || 'crit' in header) return undefined;
  return {
    header,
    payload: () => objectIn(body),
    signed: Buffer.from(`${head}.${body}`, 'latin1'),
    signature: Buffer.from(signature, 'base64url'),
  };
}

function objectIn(part: string): Readonly<Record<string, unknown>> | undefined {
  const value = BASE64URL.test(part)
    ? parsedJson(Buffer.from(part, 'base64url').toString('utf8'))
    : undefined;
  return isObject(value) ? value : undefined;
}
