import type { Socket } from 'node:net';
import { isObject, parsedJson } from '@behavry/contracts';
import { EventQueue } from './event-queue';
import type { SendOptions, UpstreamAnswer, UpstreamEvent, UpstreamSession } from './upstream-session';

export interface StdioUpstreamOptions {
  /** The server's input and output; reading it blocks the server when it is not read. */
  readonly connection: Socket;
  /** How long the server may be silent. */
  readonly timeoutMs: number;
  /** Largest line, and the most that may wait to be written. */
  readonly maxBytes: number;
  readonly onEnd: () => void;
  /** How long the listening stream may keep the server waiting; default 5 s. */
  readonly stallMs?: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
/** Characters read and not yet taken by anybody; above it nothing more is read. */
export const MAX_HELD = 1024 * 1024;
/** What a server says before anybody listens: so much is kept, the rest is dropped. */
const MAX_UNCLAIMED = 100;
const MAX_UNCLAIMED_CHARACTERS = 256 * 1024;
const STALL_MS = 5_000;
/** Longer than stdio-host takes to kill a server. */
const CLOSE_MS = 6_000;

/**
 * A session with a server that is a process: one connection to stdio-host a session, messages as lines. What the
 * server says unasked goes to the request under way, else to the stream that listens. What nobody takes is bounded:
 * the server waits, and a listening stream that makes it wait for too long is let go.
 */
export class StdioUpstream implements UpstreamSession {
  readonly #options: StdioUpstreamOptions;
  readonly #requests = new Map<number, EventQueue>();
  #listener: EventQueue | undefined;
  #unclaimed: UpstreamEvent[] = [];
  #unclaimedCharacters = 0;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #held = 0;
  #stall: NodeJS.Timeout | undefined;
  #hasEnded = false;
  readonly #closed: Promise<void>;

  constructor(options: StdioUpstreamOptions) {
    this.#options = options;
    const { connection } = options;
    this.#closed = new Promise((resolve) => {
      connection.once('close', () => {
        this.#ended();
        resolve();
      });
    });
    connection.once('end', () => {
      this.#ended();
      connection.destroy();
    });
    connection.on('data', (chunk: Buffer) => this.#read(chunk));
    connection.resume();
  }

  async send(text: string | Uint8Array, { signal, requestId }: SendOptions): Promise<UpstreamAnswer> {
    const { connection, timeoutMs, maxBytes } = this.#options;
    if (this.#hasEnded) return { kind: 'session_lost' };
    // It does not read what it was sent before.
    if (connection.writableLength > maxBytes) return { kind: 'failed', fault: 'upstream_error' };
    if (requestId === undefined) {
      this.#write(text);
      return { kind: 'accepted' };
    }
    const queue = this.#queue(timeoutMs, signal, (isAnswered) => {
      this.#requests.delete(requestId);
      if (!isAnswered) this.#cancel(requestId);
    });
    this.#requests.set(requestId, queue);
    this.#write(text);
    return Promise.resolve({ kind: 'events', events: queue });
  }

  async listen(_lastEventId: string | undefined, { signal }: SendOptions): Promise<UpstreamAnswer> {
    if (this.#hasEnded) return { kind: 'session_lost' };
    this.#listener?.finish();
    const queue = this.#queue(undefined, signal, () => {
      if (this.#listener === queue) this.#listener = undefined;
    });
    this.#listener = queue;
    this.#unclaimedCharacters = 0;
    for (const event of this.#unclaimed.splice(0)) queue.push(event);
    return Promise.resolve({ kind: 'events', events: queue });
  }

  async close(): Promise<void> {
    const { connection } = this.#options;
    const timer = setTimeout(() => connection.destroy(), CLOSE_MS);
    this.#ended();
    // What still comes is nobody's; stdio-host ends the server and then the connection.
    connection.removeAllListeners('data').resume().end();
    await this.#closed;
    clearTimeout(timer);
  }

  #queue(
    silenceMs: number | undefined,
    signal: AbortSignal,
    onEnd: (isAnswered: boolean) => void,
  ): EventQueue {
    return new EventQueue({ silenceMs, signal, onEnd, onHeld: (change) => this.#hold(change) });
  }

  #write(text: string | Uint8Array): void {
    const { connection } = this.#options;
    // One message is one line, whatever white space its JSON has.
    if (typeof text === 'string') {
      connection.write(`${text.replace(/[\r\n]+/g, ' ')}\n`);
      return;
    }
    connection.write(text.map((byte) => (byte === LINE_FEED || byte === CARRIAGE_RETURN ? SPACE : byte)));
    connection.write('\n');
  }

  #cancel(requestId: number): void {
    if (this.#hasEnded) return;
    this.#write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }));
  }

  #ended(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    clearTimeout(this.#stall);
    for (const queue of [...this.#requests.values()]) queue.fail(new Error('the server process ended'));
    this.#listener?.finish();
    this.#options.onEnd();
  }

  #hold(change: number): void {
    this.#held += change;
    const { connection, stallMs = STALL_MS } = this.#options;
    clearTimeout(this.#stall);
    if (this.#hasEnded) return;
    if (this.#held <= MAX_HELD) {
      if (connection.isPaused()) connection.resume();
      return;
    }
    connection.pause();
    // Every sign of reading starts the time anew. Who waits for a call's answer may be slow, and is limited elsewhere.
    this.#stall = setTimeout(
      () => this.#listener?.drop(new Error('the stream was not read')),
      stallMs,
    ).unref();
  }

  #read(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      this.#line.push(chunk.subarray(start, end));
      this.#deliver(Buffer.concat(this.#line).toString('utf8').trim());
      this.#line = [];
      this.#lineBytes = 0;
      start = end + 1;
    }
    if (start === chunk.length) return;
    this.#line.push(chunk.subarray(start));
    this.#lineBytes += chunk.length - start;
    if (this.#lineBytes > this.#options.maxBytes) this.#options.connection.destroy();
  }

  #deliver(text: string): void {
    const kind = kindOf(text);
    if (kind === 'none') return; // servers print things; only messages count
    if (kind !== 'unasked') {
      const queue = this.#requests.get(kind);
      queue?.push({ text });
      queue?.finish();
      return;
    }
    const target = [...this.#requests.values()].at(-1) ?? this.#listener;
    if (target) target.push({ text });
    else this.#keep(text);
  }

  #keep(text: string): void {
    if (this.#unclaimed.length >= MAX_UNCLAIMED) return;
    if (this.#unclaimedCharacters + text.length > MAX_UNCLAIMED_CHARACTERS) return;
    this.#unclaimedCharacters += text.length;
    this.#unclaimed.push({ text });
  }
}

/** Enough of a line to know whom it is for; whoever gets it reads it strictly. @returns the id that an answer bears */
function kindOf(text: string): 'none' | 'unasked' | number {
  const value = parsedJson(text);
  if (!isObject(value)) return 'none';
  if (Object.hasOwn(value, 'method')) return 'unasked';
  const { id } = value;
  return typeof id === 'number' ? id : 'none';
}
