import { createHmac } from 'node:crypto';
import { canonicalJson } from '@behavry/domain';

/**
 * Digests that only this plane can make: equal contents compare equal here, and nobody can try out what a short text
 * may have been (semantics: audit).
 */
export class KeyedDigest {
  readonly #key: Buffer;

  /** @param key 32 bytes of the plane's own */
  constructor(key: Buffer) {
    this.#key = key;
  }

  /** @returns `hmac-sha256:<hex>` over the canonical JSON (RFC 8785) of a value */
  ofJson(value: unknown): string {
    return `hmac-sha256:${this.#hex(canonicalJson(value))}`;
  }

  /** @returns 32 hex digits that stand for a text */
  ofText(text: string): string {
    return this.#hex(text).slice(0, 32);
  }

  #hex(text: string): string {
    return createHmac('sha256', this.#key).update(text, 'utf8').digest('hex');
  }
}
