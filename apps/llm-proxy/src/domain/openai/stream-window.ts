import type { Finding } from '@behavry/contracts';
import type { PatternSet } from '@behavry/domain';
import type { EventSourceMessage } from 'eventsource-parser';
import { encodeEvent } from '../sse';
import { LiveTextScanner } from '../text/live-text-scanner';
import { redactPiece } from '../text/redact-piece';
import type { ChunkParts, TextPiece } from './chat-chunk';

interface Channel {
  readonly scanner: LiveTextScanner;
  length: number;
  readonly findings: Finding[];
}

interface HeldPiece {
  readonly channel: Channel;
  readonly piece: TextPiece;
  readonly start: number;
}

interface HeldEvent {
  readonly message: EventSourceMessage;
  /** The chunk with its running texts taken out, redacted where that was asked for. */
  readonly rest: unknown;
  readonly isRestChanged: boolean;
  readonly pieces: readonly HeldPiece[];
  /** Choices whose tool calls this event carries a part of. */
  readonly calling: readonly number[];
}

/**
 * The events of a stream that wait until their texts are decided. They leave in the order in which they
 * came, and as they came unless something in them is redacted.
 */
export class StreamWindow {
  readonly #channels = new Map<string, Channel>();
  readonly #held: HeldEvent[] = [];
  #heldCharacters = 0;

  /** @param redacts whether findings are taken out of the texts */
  constructor(
    private readonly patterns: PatternSet,
    private readonly redacts: boolean,
  ) {}

  /** Size of what waits. */
  get heldCharacters(): number {
    return this.#heldCharacters;
  }

  /**
   * Takes an event in.
   * @param rest `parts.rest` after it was scanned by itself
   * @returns findings in running texts that became certain with it
   */
  add(
    message: EventSourceMessage,
    parts: ChunkParts,
    rest: unknown,
    isRestChanged: boolean,
  ): readonly Finding[] {
    const found: Finding[] = [];
    const pieces = parts.pieces.map((piece): HeldPiece => {
      const channel = this.#channelOf(piece.channel);
      const start = channel.length;
      channel.length += piece.text.length;
      keep(channel, channel.scanner.push(piece.text), found);
      return { channel, piece, start };
    });
    const calling = [...new Set(parts.calls.map(({ choice }) => choice))];
    this.#held.push({ message, rest, isRestChanged, pieces, calling });
    this.#heldCharacters += message.data.length;
    return found;
  }

  /** No text goes on. @returns the findings that only this makes certain */
  end(): readonly Finding[] {
    const found: Finding[] = [];
    for (const channel of this.#channels.values()) keep(channel, channel.scanner.end(), found);
    return found;
  }

  /**
   * @param isPending whether a choice has tool calls that are not decided
   * @returns the events that may leave, written out
   */
  release(isPending: (choice: number) => boolean): string {
    let text = '';
    for (let event = this.#held[0]; event && isReady(event, isPending); event = this.#held[0]) {
      this.#held.shift();
      this.#heldCharacters -= event.message.data.length;
      text += encodeEvent(this.redacts ? redacted(event) : event.message);
    }
    return text;
  }

  #channelOf(name: string): Channel {
    let channel = this.#channels.get(name);
    if (!channel) {
      channel = { scanner: new LiveTextScanner(this.patterns, name), length: 0, findings: [] };
      this.#channels.set(name, channel);
    }
    return channel;
  }
}

function keep(channel: Channel, findings: readonly Finding[], found: Finding[]): void {
  channel.findings.push(...findings);
  found.push(...findings);
}

function isReady(event: HeldEvent, isPending: (choice: number) => boolean): boolean {
  return (
    event.pieces.every(({ channel, piece, start }) => channel.scanner.decided >= start + piece.text.length) &&
    !event.calling.some(isPending)
  );
}

function redacted({ message, rest, isRestChanged, pieces }: HeldEvent): EventSourceMessage {
  const texts = pieces.map(({ channel, piece, start }) => redactPiece(piece.text, start, channel.findings));
  const isChanged = pieces.some(({ piece }, index) => piece.text !== texts[index]);
  if (!isChanged && !isRestChanged) return message;
  const value = structuredClone(rest);
  pieces.forEach(({ piece }, index) => {
    put(value, piece.path, texts[index] ?? '');
  });
  if (isChanged) dropLogProbabilities(value);
  return { ...message, data: JSON.stringify(value) };
}

function put(value: unknown, path: readonly (string | number)[], text: string): void {
  let holder = value as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string | number, unknown>;
  const last = path.at(-1);
  if (last !== undefined) holder[last] = text;
}

// They repeat the text, token by token.
function dropLogProbabilities(value: unknown): void {
  const { choices } = value as { choices: Record<string, unknown>[] };
  for (const choice of choices) if ('logprobs' in choice) choice['logprobs'] = null;
}
