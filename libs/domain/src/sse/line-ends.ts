/**
 * Turns CR and CRLF into LF while a text arrives in pieces (WHATWG HTML §9.2.5 allows all three). A CR
 * ends its line at once, even as the last character of a piece; an LF that begins the next piece then
 * belongs to it. `eventsource-parser` 3 alone holds an event back that ends with a bare CR at a split.
 */
export class LineEnds {
  #endedWithCr = false;

  /** @returns the piece with LF only */
  normalise(piece: string): string {
    if (piece === '') return piece;
    const text = this.#endedWithCr && piece.startsWith('\n') ? piece.slice(1) : piece;
    this.#endedWithCr = piece.endsWith('\r');
    return text.includes('\r') ? text.replace(/\r\n?/g, '\n') : text;
  }
}
