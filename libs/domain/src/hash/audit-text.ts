import {
  AUDIT_FIELDS,
  type FieldShape,
  type PersonalValues,
  type SaltedValue,
  type SequencedRecord,
} from '@behavry/contracts';
import { canonicalJson } from '../canonical/canonical-json';
import { sha256HexOf } from './digest';

interface Member {
  readonly name: keyof SequencedRecord;
  /** What stands before the value: `{"name":` or `,"name":`. */
  readonly before: string;
  /** Whether a text of it never needs an escape. */
  readonly isPlain: boolean;
}

const PLAIN: ReadonlySet<FieldShape> = new Set<FieldShape>(['uuid', 'time']);

const MEMBERS: readonly Member[] = (Object.keys(AUDIT_FIELDS) as (keyof SequencedRecord)[])
  .sort()
  .map((name, index) => ({
    name,
    before: `${index === 0 ? '{' : ','}"${name}":`,
    isPlain: PLAIN.has(AUDIT_FIELDS[name].shape) || typeof AUDIT_FIELDS[name].shape === 'object',
  }));

/**
 * The text of a record that is hashed and exported: its canonical JSON, in an order that was sorted once.
 * @param record in texts without lone surrogates; members that no record has are left out
 * @returns the same as {@link canonicalJson} of the record, several times faster
 * @throws TypeError as canonicalJson does
 */
export function auditText(record: SequencedRecord): string {
  let text = '';
  for (const { name, before, isPlain } of MEMBERS) {
    const value = record[name];
    text += before;
    if (value === null) text += 'null';
    else if (isPlain) text += `"${value as string}"`;
    else if (typeof value === 'string') text += JSON.stringify(value);
    else text += canonicalJson(value);
  }
  return `${text}}`;
}

/** @returns how a personal value stands in the hashed row: `sha256:<hex>` of salt and value */
export function saltedDigest({ salt, value }: SaltedValue): string {
  return `sha256:${sha256HexOf(salt + value)}`;
}

/** Whether the personal values beside a row are those that it was hashed with; erased ones always fit. */
export function personalFits(record: SequencedRecord, personal: PersonalValues | null): boolean {
  return (['requester_id', 'target'] as const).every((name) => {
    const kept = personal?.[name] ?? null;
    return kept === null || saltedDigest(kept) === record[name];
  });
}
