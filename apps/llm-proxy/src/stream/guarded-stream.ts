import type { TokenCounts } from '@behavry/contracts';
import {
  countInbound,
  noteInbound,
  refuse,
  type Exchange,
  type Refusal,
  type Scan,
  type Scanned,
  isPending,
  type UpstreamFault,
} from '@behavry/pipeline';
import type { AnsweredCall, Chunk, Endpoint, Reference } from '../dialects/dialect';
import { breaksSeal, SEALED } from './sealed';
import { noteCached, noteModel } from '../exchange/model-notes';
import { CallAssembler } from './call-assembler';
import type { Frame } from './framing';
import { freshParts } from './fresh-parts';
import { StreamWindow } from './stream-window';

/** How a stream ended. Only `complete` may be closed as if nothing had happened. */
export type StreamEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'failed'; readonly fault: UpstreamFault };

export interface GuardedStreamOptions {
  readonly endpoint: Endpoint;
  readonly exchange: Exchange;
  readonly scan: Scan;
  /** Decides the tool calls of a finished group; what waits for a person is refused as pending. */
  readonly judge: (calls: readonly AnsweredCall[]) => Promise<Refusal | undefined>;
  /** Told all that is read, and that the answer is whole and some of its calls wait for a person. Never throws. */
  readonly keeper?: StreamKeeper | undefined;
  /** Keeps in mind what the provider keeps of the answer. Never throws. */
  readonly remember: (given: readonly Reference[]) => Promise<void>;
  /** Hears of each chunk, before it is judged. */
  readonly note?: (chunk: Chunk) => void;
  /** Whether the token counts were asked for by us and not by the agent. */
  readonly hidesTokens: boolean;
  /** Bound for what waits to be decided. */
  readonly maxHeldCharacters: number;
}

/** Whoever keeps an answer until a person has decided. */
export interface StreamKeeper {
  take(bytes: Uint8Array): void;
  keep(): Promise<void>;
}

const MALFORMED: StreamEnd = { kind: 'failed', fault: 'upstream_error' };
const COMPLETE: StreamEnd = { kind: 'complete' };

/**
 * Reads a stream of an endpoint and lets its frames go on, in order, as soon as what they carry is decided: running
 * text by the scanner, tool calls by policy. The same for every way in which the bytes are cut. The calls of an answer
 * leave together, at its end, or none of them.
 */
export class GuardedStream {
  readonly #options: GuardedStreamOptions;
  readonly #window: StreamWindow;
  readonly #reader;
  readonly #calls = new CallAssembler();
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #redacts: boolean;
  readonly #begun = new Set<number>();
  readonly #finished = new Set<number>();
  readonly #note: (scanned: Scanned) => void;
  /** The latest chunk without its running texts in which nothing was found. */
  #clean: unknown;
  /** What the running texts were refused for. */
  #refusal: Refusal | undefined;
  #hasStarted = false;
  #remembered: Promise<unknown> = Promise.resolve();
  #free = '';
  /** What is free but for the calls: from the first of them on everything waits for the end. */
  #withheld: string | undefined;
  /** What the first call was refused with that waits for a person. */
  #pending: Refusal | undefined;

  constructor(options: GuardedStreamOptions) {
    const { endpoint, exchange, scan } = options;
    this.#options = options;
    this.#redacts = exchange.hasObligation('redact_inbound');
    this.#window = new StreamWindow(scan, endpoint.framing, this.#redacts);
    this.#reader = endpoint.framing.open();
    this.#note = (scanned) => {
      // What stands behind the end of the stream must not depend on how much of it had come already.
      this.#refusal ??= noteInbound(exchange, scanned);
    };
  }

  /**
   * @param body bytes of the upstream's answer
   * @returns texts for the client as they become free, then how the stream ended
   */
  async *run(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, StreamEnd> {
    const chunks = body[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await chunks.next();
        const frames = next.done ? this.#reader.end() : this.#read(next.value);
        if (!next.done) this.#options.keeper?.take(next.value);
        let end = frames ? undefined : MALFORMED;
        for (const frame of frames ?? []) {
          const taken = this.#take(frame);
          if (taken instanceof Promise) {
            // Whoever waits for it may give up first.
            taken.catch(() => undefined);
            // What is free need not wait for a decision, which a person may have to make.
            if (this.#free !== '') yield this.#takeFree();
          }
          end = taken instanceof Promise ? await taken : taken;
          if (!end) this.#release();
          if (end) break;
        }
        if (next.done) end ??= await this.#close();
        const text = this.#takeFree();
        if (text !== '') yield text;
        if (end) return end;
      }
    } finally {
      await chunks.return?.();
    }
  }

  #read(bytes: Uint8Array): readonly Frame[] | undefined {
    try {
      return this.#reader.push(this.#decoder.decode(bytes, { stream: true }));
    } catch {
      return undefined;
    }
  }

  #takeFree(): string {
    const text = this.#free === '' ? this.#reader.signOfLife() : this.#free;
    this.#free = '';
    return text;
  }

  #take(frame: Frame): StreamEnd | undefined | Promise<StreamEnd | undefined> {
    const { endpoint, exchange, hidesTokens } = this.#options;
    const chunk = endpoint.readChunk(frame);
    if (!chunk || !this.#isInOrder(chunk)) return MALFORMED;
    if (chunk.given && chunk.given.length > 0)
      this.#remembered = Promise.all([this.#remembered, this.#options.remember(chunk.given)]);
    this.#options.note?.(chunk);
    noteModel(exchange, chunk.model);
    if (chunk.tokens) exchange.tokens = latest(exchange.tokens, chunk.tokens);
    noteCached(exchange, chunk.tokens?.cached);
    if (chunk.isTokensOnly && hidesTokens) return undefined;
    const refused = this.#scan(frame, chunk);
    if (refused) return refused;
    for (const piece of chunk.calls) if (!this.#calls.add(piece)) return MALFORMED;
    if (this.#calls.isCrowded) return TOO_LARGE;
    if (chunk.isEnd) return this.#finish();
    return chunk.finished.length > 0 ? this.#finishGroups(chunk.finished) : undefined;
  }

  /** Nothing goes on that is finished; what was decided would no longer be the whole. A call may be told again. */
  #isInOrder({ isStart = false, begins, within, pieces, calls }: Chunk): boolean {
    if (isStart && this.#hasStarted) return false;
    this.#hasStarted = true;
    // Some readers put a group where it comes, and others where it says; only in this order it is the same place.
    if (begins !== undefined && begins !== this.#begun.size) return false;
    if (begins !== undefined) this.#begin(begins);
    if (within !== undefined && !(this.#begun.has(within) && this.#begin(within))) return false;
    for (const { group } of pieces) if (!this.#begin(group)) return false;
    for (const { group, isWhole } of calls) if (!this.#begin(group) && !isWhole) return false;
    return true;
  }

  #begin(group: number): boolean {
    this.#begun.add(group);
    return !this.#finished.has(group);
  }

  #scan(frame: Frame, chunk: Chunk): StreamEnd | undefined {
    const { endpoint, exchange, scan, maxHeldCharacters } = this.#options;
    let refusal = countInbound(exchange, Buffer.byteLength(frame.data));
    let changed: unknown;
    if (chunk.rest && !refusal) {
      // What repeats the texts may not outlive what is redacted in them.
      if (this.#redacts && endpoint.dropEchoes(chunk.rest)) changed = chunk.rest;
      const scanned = this.#scanRest(chunk.rest);
      refusal = scanned && noteInbound(exchange, scanned);
      if (scanned?.verdict === 'redact') {
        if (breaksSeal(scan, 'inbound', endpoint, chunk.rest)) refusal ??= SEALED;
        changed = scanned.redacted();
      }
    }
    if (refusal) return { kind: 'refused', refusal };
    this.#window.add(frame, chunk, changed, this.#note);
    if (this.#refused) return this.#refused;
    const held = this.#window.heldCharacters + (this.#withheld?.length ?? 0);
    if (this.#window.isCrowded || held > maxHeldCharacters) return TOO_LARGE;
    return undefined;
  }

  /** @returns undefined when nothing was found */
  #scanRest(rest: unknown): Scanned | undefined {
    const { scan } = this.#options;
    const fresh = freshParts(rest, this.#clean);
    if (fresh.length === 0 || isSilent(scan.inbound(fresh))) {
      // One that is redacted gets its texts back, and is not what was looked at any more.
      if (!this.#redacts) this.#clean = rest;
      return undefined;
    }
    return scan.inbound(rest, { redacts: this.#redacts });
  }

  async #finishGroups(groups: readonly number[]): Promise<StreamEnd | undefined> {
    for (const group of groups) {
      this.#finished.add(group);
      const end = await this.#settle(group);
      if (end) return end;
    }
    return undefined;
  }

  async #finish(): Promise<StreamEnd> {
    const end = await this.#settle();
    // Whoever reads the end may use at once what it was given.
    await this.#remembered;
    if (end) return end;
    this.#release();
    if (this.#pending) {
      await this.#options.keeper?.keep();
      return { kind: 'refused', refusal: this.#pending };
    }
    this.#free += this.#withheld ?? '';
    return COMPLETE;
  }

  /** Lets go what is decided: to the agent, or behind the calls that wait for the end. */
  #release(): void {
    const text = this.#window.release(this.#calls);
    if (this.#withheld === undefined) this.#free += text;
    else if (!this.#pending) this.#withheld += text;
  }

  /** What the running texts so far come to. */
  get #refused(): StreamEnd | undefined {
    if (this.#refusal) return { kind: 'refused', refusal: this.#refusal };
    return this.#window.isSealBroken ? { kind: 'refused', refusal: SEALED } : undefined;
  }

  /** Decides what is left of a group, or of all. */
  async #settle(group?: number): Promise<StreamEnd | undefined> {
    this.#window.end(this.#note, group);
    if (this.#refused) return this.#refused;
    // Texts need not share the fate of the calls behind them.
    this.#release();
    const calls = this.#calls.whole(group);
    if (!calls) return MALFORMED;
    if (calls.length > 0) {
      const refusal = await this.#options.judge(calls);
      if (refusal && !isPending(refusal)) return { kind: 'refused', refusal };
      this.#pending ??= refusal;
      this.#withheld ??= '';
    }
    this.#calls.release(group);
    return undefined;
  }

  /** The connection closed: complete only where that is the end mark, and nothing is missing. */
  async #close(): Promise<StreamEnd> {
    if (this.#options.endpoint.hasEndMark || this.#finished.size === 0) return MALFORMED;
    for (const group of this.#begun) if (!this.#finished.has(group)) return MALFORMED;
    return this.#finish();
  }
}

const TOO_LARGE: StreamEnd = {
  kind: 'refused',
  refusal: refuse('result_too_large', 'a part of the answer is too large to be decided'),
};

function isSilent({ verdict, dlp, injection }: Scanned): boolean {
  return verdict === 'pass' && dlp.length === 0 && injection.length === 0;
}

/** Providers tell counts once, at the end, or in parts that replace the earlier ones. */
function latest(before: TokenCounts | null, { prompt, completion, total }: TokenCounts): TokenCounts {
  const counts = {
    prompt: prompt || (before?.prompt ?? 0),
    completion: completion || (before?.completion ?? 0),
  };
  return { ...counts, total: Math.max(total, counts.prompt + counts.completion) };
}
