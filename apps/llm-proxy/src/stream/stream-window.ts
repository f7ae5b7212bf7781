import type { Scan, Scanned, TextChannel } from '@behavry/pipeline';
import type { Chunk, TextPiece } from '../dialects/dialect';
import { putAt } from '../dialects/reading';
import type { CallAssembler } from './call-assembler';
import type { Frame, Framing } from './framing';

interface Channel {
  readonly group: number;
  readonly text: TextChannel;
  length: number;
  isSealed: boolean;
}

interface HeldPiece {
  readonly channel: Channel;
  readonly piece: TextPiece;
  readonly start: number;
}

interface HeldFrame {
  readonly frame: Frame;
  readonly chunk: Chunk;
  /** What goes on in the place of `chunk.rest`, when that is not the same. */
  readonly changedRest: unknown;
  readonly pieces: readonly HeldPiece[];
}

const MAX_CHANNELS = 256;
const MAX_HELD = 20_000;

/**
 * The frames of a stream that wait until their texts are decided. They leave in the order in which they came, and as
 * they came unless something in them is redacted.
 */
export class StreamWindow {
  readonly #channels = new Map<string, Channel>();
  #held: HeldFrame[] = [];
  /** What left already stands before this place, until enough of it did. */
  #first = 0;
  #heldCharacters = 0;
  #isSealBroken = false;

  /** @param redacts whether findings are taken out of the texts */
  constructor(
    private readonly scan: Scan,
    private readonly framing: Framing,
    private readonly redacts: boolean,
  ) {}

  /** Size of what waits. */
  get heldCharacters(): number {
    return this.#heldCharacters;
  }

  /** Whether something would be taken out of a text that is signed. */
  get isSealBroken(): boolean {
    return this.#isSealBroken;
  }

  /** Whether there are more texts at once than any answer has, or more frames wait. */
  get isCrowded(): boolean {
    return this.#channels.size > MAX_CHANNELS || this.#held.length - this.#first > MAX_HELD;
  }

  /**
   * Takes a frame in.
   * @param changedRest `chunk.rest` with what was found in it taken out; undefined when it goes on as it is
   * @param note told what became certain of running texts with it
   */
  add(frame: Frame, chunk: Chunk, changedRest: unknown, note: (scanned: Scanned) => void): void {
    const pieces: HeldPiece[] = [];
    for (const piece of chunk.pieces) {
      const channel = this.#channelOf(piece);
      pieces.push({ channel, piece, start: channel.length });
      channel.length += piece.text.length;
      channel.isSealed ||= piece.isSealed === true;
      this.#tell(channel, channel.text.push(piece.text), note);
    }
    this.#held.push({ frame, chunk, changedRest, pieces });
    this.#heldCharacters += frame.data.length;
  }

  /** No text of a group, or none at all, goes on. @param note as in {@link add} */
  end(note: (scanned: Scanned) => void, group?: number): void {
    for (const [name, channel] of this.#channels) {
      if (group !== undefined && channel.group !== group) continue;
      this.#tell(channel, channel.text.end(), note);
      this.#channels.delete(name);
    }
  }

  /** @returns the frames that may leave, written out */
  release(calls: CallAssembler): string {
    let text = '';
    for (let held = this.#held[this.#first]; held && isReady(held, calls); held = this.#held[this.#first]) {
      this.#first++;
      this.#heldCharacters -= held.frame.data.length;
      text += this.framing.write(this.redacts ? redacted(held) : held.frame);
    }
    if (this.#first * 2 > this.#held.length) {
      this.#held = this.#held.slice(this.#first);
      this.#first = 0;
    }
    return text;
  }

  #tell(channel: Channel, scanned: Scanned, note: (scanned: Scanned) => void): void {
    if (channel.isSealed && scanned.verdict === 'redact') this.#isSealBroken = true;
    note(scanned);
  }

  #channelOf({ channel: name, group }: TextPiece): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      const text = this.scan.channel('inbound', { redacts: this.redacts, field: name });
      this.#channels.set(name, (channel = { group, text, length: 0, isSealed: false }));
    }
    return channel;
  }
}

function isReady({ pieces, chunk }: HeldFrame, calls: CallAssembler): boolean {
  for (const { channel, piece, start } of pieces)
    if (channel.text.decided < start + piece.text.length) return false;
  for (const { group } of chunk.calls) if (calls.isPending(group)) return false;
  return true;
}

function redacted({ frame, chunk, changedRest, pieces }: HeldFrame): Frame {
  const texts = pieces.map(({ channel, piece, start }) => channel.text.redact(piece.text, start));
  if (changedRest === undefined && pieces.every(({ piece }, index) => piece.text === texts[index]))
    return frame;
  const value = changedRest ?? chunk.rest;
  pieces.forEach(({ piece }, index) => {
    putAt(value, piece.path, texts[index] ?? '');
  });
  return { ...frame, data: JSON.stringify(value) };
}
