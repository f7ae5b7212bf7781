import { canonicalJson } from '../canonical/canonical-json';
import { sha256HexOf } from './digest';

/** What stands before the first row of a chain. */
export const GENESIS_HASH = '0'.repeat(64);

/** The members that tie a row to the one before it. */
export interface ChainedRow {
  readonly seq: number;
  readonly previous_hash: string;
  readonly hash: string;
}

/** `modified`: content or hashes do not fit · `missing`: a number is absent · `reordered`: it stands elsewhere. */
export type ChainFault = 'modified' | 'missing' | 'reordered';

export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

export type ChainReport =
  | { readonly ok: true; readonly checked: number; readonly head: ChainHead }
  | {
      readonly ok: false;
      readonly checked: number;
      readonly first_bad: { readonly seq: number; readonly kind: ChainFault };
    };

/**
 * Hash of one row: SHA-256 over the canonical JSON of the row without its two hashes, followed by the
 * hash before it (semantics: audit).
 * @param record the row; `hash` and `previous_hash` in it are left out, `seq` is part of it
 * @param previousHash hex hash of the row before; {@link GENESIS_HASH} for the first
 * @returns lower-case hex
 */
export function chainHash(record: object, previousHash: string): string {
  const content: Record<string, unknown> = { ...record };
  delete content['hash'];
  delete content['previous_hash'];
  return sha256HexOf(canonicalJson(content) + previousHash);
}

/**
 * Checks rows in the order given. Pages of one chain are checked one after the other by passing the
 * head of the page before.
 * @param rows rows that claim to follow `after` without a gap
 * @param after where the chain stood before the first row; the beginning when left out
 */
export function verifyChain(
  rows: readonly ChainedRow[],
  after: ChainHead = { seq: 0, hash: GENESIS_HASH },
): ChainReport {
  let head = after;
  let checked = 0;
  for (const row of rows) {
    const expected = head.seq + 1;
    if (row.seq !== expected) {
      const elsewhere = row.seq < expected || rows.some((other) => other.seq === expected);
      return { ok: false, checked, first_bad: { seq: expected, kind: elsewhere ? 'reordered' : 'missing' } };
    }
    if (row.previous_hash !== head.hash || row.hash !== safeHash(row, head.hash)) {
      return { ok: false, checked, first_bad: { seq: expected, kind: 'modified' } };
    }
    head = { seq: row.seq, hash: row.hash };
    checked++;
  }
  return { ok: true, checked, head };
}

function safeHash(row: object, previousHash: string): string | undefined {
  try {
    return chainHash(row, previousHash);
  } catch {
    return undefined; // a row that has no canonical form was not written by us
  }
}
