import { crc32 } from 'node:zlib';
import { isObject, type SpoolEntry } from '@behavry/contracts';

const CHECKSUM_LENGTH = 8;

/** One entry on disk: checksum of the JSON, a space, the JSON, a line feed. */
export function encodeLine(json: string): string {
  return `${crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0')} ${json}\n`;
}

/** @returns the entry, or undefined for a line that was not written whole */
export function decodeLine(line: string): SpoolEntry | undefined {
  const json = line.slice(CHECKSUM_LENGTH + 1);
  if (line.slice(0, CHECKSUM_LENGTH) !== crc32(json).toString(16).padStart(CHECKSUM_LENGTH, '0'))
    return undefined;
  const entry: unknown = JSON.parse(json);
  return isObject(entry) ? (entry as unknown as SpoolEntry) : undefined;
}

export interface SegmentContent {
  readonly entries: readonly SpoolEntry[];
  /** Bytes up to the end of the last whole line. */
  readonly goodBytes: number;
}

/** Reads a segment up to the first line that is not whole: what comes after a torn write was never promised. */
export function decodeSegment(content: Buffer): SegmentContent {
  const entries: SpoolEntry[] = [];
  let position = 0;
  for (;;) {
    const end = content.indexOf(0x0a, position);
    if (end < 0) return { entries, goodBytes: position };
    const entry = decodeLine(content.toString('utf8', position, end));
    if (!entry) return { entries, goodBytes: position };
    entries.push(entry);
    position = end + 1;
  }
}
