import { hash } from 'node:crypto';
import { canonicalJson } from '../canonical/canonical-json';

/** @returns lower-case hex SHA-256 of the text's UTF-8 bytes */
export function sha256HexOf(text: string): string {
  return hash('sha256', text, 'hex');
}

/**
 * The digest under which a call's arguments are audited and approved.
 * @returns `sha256:<hex>` of the canonical JSON
 * @throws TypeError as canonicalJson does
 */
export function digestOf(value: unknown): string {
  return `sha256:${sha256HexOf(canonicalJson(value))}`;
}
