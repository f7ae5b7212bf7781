import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { idKey, parseMessage } from '../messages/rpc-message';
import { EventQueue } from './event-queue';
import type { SendOptions, UpstreamAnswer, UpstreamEvent, UpstreamSession } from './upstream-session';

export interface StdioUpstreamOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the process. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly maxBytes: number;
  readonly onExit: (code: number | null) => void;
}

const LINE_FEED = 0x0a;
const MAX_UNCLAIMED = 100;
const KILL_AFTER_MS = 2_000;

/**
 * A session with a server that is a process of ours: one process a session, messages as lines. What the
 * server says unasked goes to the request under way, else to the stream that listens.
 */
export class StdioUpstream implements UpstreamSession {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #options: StdioUpstreamOptions;
  readonly #requests = new Map<string, EventQueue>();
  #listener: EventQueue | undefined;
  #unclaimed: UpstreamEvent[] = [];
  #line: Buffer[] = [];
  #lineBytes = 0;
  #hasExited = false;

  constructor(options: StdioUpstreamOptions) {
    this.#options = options;
    // A group of its own, so that its own children end with it.
    this.#child = spawn(options.command, options.args, {
      env: options.env,
      stdio: 'pipe',
      detached: true,
      shell: false,
    });
    this.#child.on('error', () => {
      this.#exited(null);
    });
    this.#child.on('exit', (code) => {
      this.#exited(code);
    });
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#read(chunk);
    });
    // What a server writes there may hold anything: it is not ours to keep.
    this.#child.stderr.resume();
  }

  async send(text: string, { signal }: SendOptions): Promise<UpstreamAnswer> {
    if (this.#hasExited) return { kind: 'session_lost' };
    const message = parseMessage(text);
    if (message?.kind !== 'request') {
      this.#write(text);
      return { kind: 'accepted' };
    }
    const key = idKey(message.id);
    const queue = new EventQueue(this.#options.timeoutMs, signal);
    this.#requests.set(key, queue);
    const forget = (): void => {
      this.#requests.delete(key);
    };
    queue.onEnd = (isAnswered) => {
      forget();
      if (!isAnswered) this.#cancel(message.id);
    };
    this.#write(text);
    return Promise.resolve({ kind: 'events', events: queue });
  }

  async listen(_lastEventId: string | undefined, { signal }: SendOptions): Promise<UpstreamAnswer> {
    if (this.#hasExited) return { kind: 'session_lost' };
    this.#listener?.finish();
    const queue = new EventQueue(undefined, signal);
    this.#listener = queue;
    queue.onEnd = () => {
      if (this.#listener === queue) this.#listener = undefined;
    };
    for (const event of this.#unclaimed.splice(0)) queue.push(event);
    return Promise.resolve({ kind: 'events', events: queue });
  }

  async close(): Promise<void> {
    if (this.#hasExited) return;
    const exit = new Promise<void>((resolve) => {
      this.#child.once('exit', () => {
        resolve();
      });
    });
    // The order that the specification names: end of input, then SIGTERM, then SIGKILL (MCP, lifecycle).
    this.#child.stdin.end();
    this.#kill('SIGTERM');
    const timer = setTimeout(() => {
      this.#kill('SIGKILL');
    }, KILL_AFTER_MS);
    await exit;
    clearTimeout(timer);
  }

  #write(text: string): void {
    // One message is one line, whatever white space its JSON has.
    this.#child.stdin.write(`${text.replace(/[\r\n]+/g, ' ')}\n`);
  }

  #cancel(requestId: string | number): void {
    if (this.#hasExited) return;
    this.#write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } }));
  }

  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Gone already.
    }
  }

  #exited(code: number | null): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#kill('SIGKILL');
    for (const queue of [...this.#requests.values()]) queue.fail(new Error('the server process ended'));
    this.#listener?.finish();
    this.#options.onExit(code);
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
    if (this.#lineBytes > this.#options.maxBytes) this.#kill('SIGKILL');
  }

  #deliver(text: string): void {
    const message = parseMessage(text);
    if (!message) return; // servers print things; only messages count
    const event = { text };
    if (message.kind === 'response') {
      const queue = this.#requests.get(idKey(message.id));
      queue?.push(event);
      queue?.finish();
      return;
    }
    const target = this.#requestUnderWay() ?? this.#listener;
    if (target) target.push(event);
    else if (this.#unclaimed.length < MAX_UNCLAIMED) this.#unclaimed.push(event);
  }

  #requestUnderWay(): EventQueue | undefined {
    return [...this.#requests.values()].at(-1);
  }
}
