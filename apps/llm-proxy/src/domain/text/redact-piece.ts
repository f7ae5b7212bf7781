import type { Finding } from '@behavry/contracts';

/**
 * Redacts one piece of a text by the findings of the whole text, so that the pieces together read as the
 * redacted text.
 * @param start where the piece begins in the whole text
 * @param findings by place
 */
export function redactPiece(piece: string, start: number, findings: readonly Finding[]): string {
  const end = start + piece.length;
  let redacted = '';
  let position = start;
  for (const {
    pattern,
    span: [from, to],
  } of findings) {
    if (to <= position) continue;
    if (from >= end) break;
    redacted += piece.slice(position - start, Math.max(position, from) - start);
    // What began in an earlier piece was named there.
    if (from >= position) redacted += `[REDACTED:${pattern}]`;
    position = Math.min(to, end);
  }
  return redacted + piece.slice(position - start);
}
