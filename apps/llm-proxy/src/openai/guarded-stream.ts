import type { Finding } from '@behavry/contracts';
import { blockingFinding, parseStrictJson, PatternSet } from '@behavry/domain';
import { refuse, scanInbound, type Exchange, type Refusal, type UpstreamFault } from '@behavry/pipeline';
import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { CallAssembler } from '../domain/openai/call-assembler';
import { readChunk, type ChunkParts } from '../domain/openai/chat-chunk';
import { StreamWindow } from '../domain/openai/stream-window';
import type { AnsweredCall } from '../domain/openai/tool-call';
import { usageOf, type Usage } from '../domain/openai/usage';
import { EMPTY_COMMENT } from '../domain/sse';

/** How a stream ended. Only `complete` may be closed as if nothing had happened. */
export type StreamEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

export interface GuardedStreamOptions {
  readonly exchange: Exchange;
  /** Decides the tool calls of a finished choice. */
  readonly judge: (calls: readonly AnsweredCall[]) => Promise<Refusal | undefined>;
  /** Whether the token counts were asked for by us and not by the client. */
  readonly stripsUsage: boolean;
  readonly onUsage: (usage: Usage) => void;
  /** Bound for what waits to be decided. */
  readonly maxHeldCharacters: number;
}

const MAX_EVENT_CHARACTERS = 1024 * 1024;
const MAX_LISTED = 100;
const NO_PATTERNS = new PatternSet([]);
const DONE = '[DONE]';
const MALFORMED: StreamEnd = { kind: 'failed', fault: 'upstream_error' };

/**
 * Reads a streamed chat completion and lets its events go on, in order, as soon as what they carry is
 * decided: running text by the scanner, tool calls by policy. The same for every way in which the bytes
 * are cut.
 */
export class GuardedStream {
  readonly #options: GuardedStreamOptions;
  readonly #window: StreamWindow;
  readonly #calls = new CallAssembler();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #events: EventSourceMessage[] = [];
  readonly #parser;
  readonly #redacts: boolean;
  #hasComment = false;
  #isOversized = false;
  #endsWithReturn = false;

  constructor(options: GuardedStreamOptions) {
    this.#options = options;
    this.#redacts = options.exchange.obligations.some(({ name }) => name === 'redact_inbound');
    this.#window = new StreamWindow(options.exchange.config?.patterns ?? NO_PATTERNS, this.#redacts);
    this.#parser = createParser({
      maxBufferSize: MAX_EVENT_CHARACTERS,
      onEvent: (event) => {
        this.#events.push(event);
      },
      onComment: () => {
        this.#hasComment = true;
      },
      onError: ({ type }) => {
        this.#isOversized ||= type === 'max-buffer-size-exceeded';
      },
    });
  }

  /**
   * @param body bytes of the upstream's answer
   * @returns texts for the client as they become free, then how the stream ended
   */
  async *run(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, StreamEnd> {
    for await (const bytes of body) {
      const text = this.#decode(bytes);
      if (text === undefined || !this.#feed(text)) return MALFORMED;
      const step = await this.#step();
      if (step.text !== '') yield step.text;
      if (step.end) return step.end;
    }
    // A carriage return ends a line by itself, which the parser cannot know while a line feed may follow.
    if (!this.#endsWithReturn || !this.#feed('\n')) return MALFORMED;
    const { text, end } = await this.#step();
    if (text !== '') yield text;
    // It ended without its own end mark: something is missing.
    return end ?? MALFORMED;
  }

  /** Takes in what was read. @returns what became free, and the end when it came */
  async #step(): Promise<{ readonly text: string; readonly end: StreamEnd | undefined }> {
    let text = '';
    for (let event = this.#events.shift(); event; event = this.#events.shift()) {
      const end = await this.#take(event);
      if (end && end.kind !== 'complete') return { text, end };
      text += this.#window.release((choice) => this.#calls.isPending(choice));
      if (end) return { text: `${text}data: ${DONE}\n\n`, end };
    }
    if (text === '' && this.#hasComment) text = EMPTY_COMMENT;
    this.#hasComment = false;
    return { text, end: undefined };
  }

  #decode(bytes: Uint8Array): string | undefined {
    try {
      return this.#decoder.decode(bytes, { stream: true });
    } catch {
      return undefined;
    }
  }

  #feed(text: string): boolean {
    if (text !== '') this.#endsWithReturn = text.endsWith('\r');
    try {
      this.#parser.feed(text);
    } catch {
      return false;
    }
    return !this.#isOversized;
  }

  async #take(event: EventSourceMessage): Promise<StreamEnd | undefined> {
    if (event.data === DONE) return this.#finish();
    const parsed = parseStrictJson(event.data);
    const parts = parsed.ok ? readChunk(parsed.value) : undefined;
    if (!parsed.ok || !parts) return MALFORMED;
    const usage = usageOf(parsed.value);
    if (usage) this.#options.onUsage(usage);
    if (parts.isUsageOnly && this.#options.stripsUsage) return undefined;
    return this.#scan(event, parts) ?? (await this.#decide(parts));
  }

  #scan(event: EventSourceMessage, parts: ChunkParts): StreamEnd | undefined {
    const { exchange, maxHeldCharacters } = this.#options;
    const scanned = scanInbound(exchange, parts.rest, Buffer.byteLength(event.data));
    if (!scanned.passes) return { kind: 'refused', refusal: scanned.refusal };
    const refusal = this.#note(this.#window.add(event, parts, scanned.value, scanned.isChanged));
    if (refusal) return { kind: 'refused', refusal };
    if (this.#window.heldCharacters > maxHeldCharacters) {
      return {
        kind: 'refused',
        refusal: refuse('result_too_large', 'a part of the answer is too large to be decided'),
      };
    }
    return undefined;
  }

  async #decide(parts: ChunkParts): Promise<StreamEnd | undefined> {
    for (const piece of parts.calls) if (!this.#calls.add(piece)) return MALFORMED;
    for (const choice of parts.finished) {
      const end = await this.#judge(this.#calls.whole(choice));
      if (end) return end;
      this.#calls.close(choice);
    }
    return undefined;
  }

  async #finish(): Promise<StreamEnd> {
    const refusal = this.#note(this.#window.end());
    if (refusal) return { kind: 'refused', refusal };
    const end = await this.#judge(this.#calls.whole());
    if (end) return end;
    this.#calls.close();
    return { kind: 'complete' };
  }

  async #judge(calls: readonly AnsweredCall[]): Promise<StreamEnd | undefined> {
    if (calls.length === 0) return undefined;
    if (calls.some(({ name }) => name === '')) return MALFORMED;
    const refusal = await this.#options.judge(calls);
    return refusal && { kind: 'refused', refusal };
  }

  /** Puts findings of running texts into the record. @returns a refusal when one of them blocks */
  #note(findings: readonly Finding[]): Refusal | undefined {
    if (findings.length === 0) return undefined;
    const { exchange } = this.#options;
    const blocking = this.#redacts ? undefined : blockingFinding(findings);
    // What stands behind the end of the stream must not depend on how much of it had come already.
    const counted = blocking ? findings.slice(0, findings.indexOf(blocking) + 1) : findings;
    const room = Math.max(0, MAX_LISTED - exchange.inboundFindings.length);
    exchange.inboundFindings.push(...counted.slice(0, room));
    if (this.#redacts) exchange.inboundAction = 'redacted';
    else if (blocking) exchange.inboundAction = 'blocked';
    else if (exchange.inboundAction === 'none') exchange.inboundAction = 'logged';
    return (
      blocking &&
      refuse('dlp_inbound_blocked', `the result carries ${blocking.pattern}`, {
        policy: `dlp.${blocking.pattern}`,
      })
    );
  }
}
