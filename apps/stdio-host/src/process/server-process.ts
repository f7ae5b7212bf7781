import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { ServerHome } from './server-homes';

/** A process to start, checked and with its secrets. */
export interface ProcessPlan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly home: ServerHome;
  /** Search path of every server. */
  readonly searchPath: string;
}

/** After the end of its input a server has this long to end by itself, and after SIGTERM the same again. */
const PATIENCE_MS = 1_500;
/** A server that reads nothing of what waits for it for so long is given up. */
const STUCK_MS = 30_000;
/** What a server that ended has written is read for so long: a child of its own may keep its output open. */
const OUTPUT_AFTER_END_MS = 500;

/** One server: a process group of its own, whose input and output are a connection. */
export class ServerProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  /** Settles when the process has ended; null when a signal ended it. */
  readonly exited: Promise<number | null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    child.stdin.on('error', () => undefined);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code) => {
        clearTimeout(this.#timer);
        // Its own children end with it.
        this.#signal('SIGKILL');
        resolve(code);
      });
    });
  }

  /** @throws Error when it cannot be started */
  static async start({ command, args, env, home, searchPath }: ProcessPlan): Promise<ServerProcess> {
    const { path, uid } = home;
    const child = spawn(command, args, {
      cwd: path,
      // The host's own come last: no registered value can take their place.
      env: { ...env, PATH: searchPath, LANG: 'C.UTF-8', HOME: path, TMPDIR: join(path, 'tmp') },
      // What a server says on stderr may hold anything: it is not ours to keep.
      stdio: ['pipe', 'pipe', 'ignore'],
      detached: true,
      shell: false,
      // Together with these Node (libuv) also gives up all supplementary groups.
      ...(uid === undefined ? {} : { uid, gid: uid }),
    });
    await new Promise<void>((started, failed) => child.once('spawn', started).once('error', failed));
    return new ServerProcess(child);
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets bytes flow both ways, no faster than either side takes them, until one of them ends. */
  async attach(connection: Duplex): Promise<void> {
    const { stdout } = this.#child;
    const isReadOut = new Promise<void>((resolve) => stdout.once('close', resolve));
    stdout.pipe(connection, { end: false });
    connection.on('data', (chunk: Buffer) => this.#forward(chunk, connection));
    connection.resume();
    connection.once('end', () => this.end());
    connection.once('close', () => this.end());
    await this.exited;
    await Promise.race([isReadOut, delay(OUTPUT_AFTER_END_MS)]);
    connection.end(() => connection.destroy());
  }

  /** Ends it in the order that the protocol names: end of input, SIGTERM, SIGKILL (MCP, lifecycle, shutdown). */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#child.stdin.end();
    this.#timer = setTimeout(() => {
      this.#signal('SIGTERM');
      this.#timer = setTimeout(() => this.#signal('SIGKILL'), PATIENCE_MS);
    }, PATIENCE_MS);
  }

  // While the server does not read, the end of the connection behind what waits for it is not seen either.
  #forward(chunk: Buffer, connection: Duplex): void {
    const { stdin } = this.#child;
    if (stdin.writableEnded || stdin.write(chunk)) return;
    connection.pause();
    const stuck = setTimeout(() => connection.destroy(), STUCK_MS);
    stdin.once('drain', () => connection.resume());
    for (const event of ['drain', 'close']) stdin.once(event, () => clearTimeout(stuck));
  }

  #signal(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // Gone already.
    }
  }
}
