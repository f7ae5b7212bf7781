import { crc32 } from 'node:zlib';

const CHECKSUM_LENGTH = 8;
const LINE_FEED = 0x0a;

/** One entry as it lies on disk. */
export interface SpoolLine {
  readonly position: number;
  readonly json: string;
  /** Offset behind its line feed. */
  readonly end: number;
}

/** One entry on disk: checksum of the rest, a space, the position, a space, the JSON, a line feed. */
export function encodeLine(position: number, json: string): string {
  const content = `${String(position)} ${json}`;
  return `${crc32(content).toString(16).padStart(CHECKSUM_LENGTH, '0')} ${content}\n`;
}

export interface SegmentContent {
  /** Lines that were written whole, in the order of the file. */
  readonly lines: readonly SpoolLine[];
  /** Whether a line that is not whole stands before one that is; at the end it is a torn write that nobody was promised. */
  readonly isDamaged: boolean;
}

/** Reads every whole line of a segment, also those behind a damaged one. */
export function decodeSegment(content: Buffer): SegmentContent {
  const lines: SpoolLine[] = [];
  let isDamaged = false;
  let hasBadLine = false;
  for (let start = 0; ;) {
    const feed = content.indexOf(LINE_FEED, start);
    if (feed < 0) return { lines, isDamaged };
    const line = decodeLine(content.toString('utf8', start, feed), feed + 1);
    if (line === undefined) hasBadLine = true;
    else {
      isDamaged ||= hasBadLine;
      lines.push(line);
    }
    start = feed + 1;
  }
}

function decodeLine(line: string, end: number): SpoolLine | undefined {
  const content = line.slice(CHECKSUM_LENGTH + 1);
  if (line.slice(0, CHECKSUM_LENGTH) !== crc32(content).toString(16).padStart(CHECKSUM_LENGTH, '0'))
    return undefined;
  const space = content.indexOf(' ');
  return { position: Number(content.slice(0, space)), json: content.slice(space + 1), end };
}
