/** Longest frame; nothing of a longer one is understood. */
export const MAX_FRAME_CHARACTERS = 1024 * 1024;

/** One message of a stream, as its framing carries it. */
export interface Frame {
  /** Its name, where the framing has names and the frame carries one. */
  readonly event?: string | undefined;
  readonly data: string;
}

/** Takes a stream's text apart into frames; the same frames for every way in which the text is cut. */
export interface FrameReader {
  /** @returns the frames that are complete, or undefined for what is no stream of this kind */
  push(text: string): readonly Frame[] | undefined;
  /** No text goes on. @returns as {@link push} */
  end(): readonly Frame[] | undefined;
  /** @returns what keeps the client's connection alive when nothing but signs of life came since the last call */
  signOfLife(): string;
}

/** How a stream's messages are told apart on the wire. */
export interface Framing {
  readonly contentType: string;
  /** Another type under which a stream may come: its readers look at every line, whatever it is called. */
  readonly alsoType?: string;
  open(): FrameReader;
  /** @returns the frame as it leaves */
  write(frame: Frame): string;
}
