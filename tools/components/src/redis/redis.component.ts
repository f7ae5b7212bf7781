import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../net/free-port';
import { findOnPath } from '../process/find-on-path';
import { cleanEnv } from '../process/clean-env';
import type { ProcessLedger } from '../process/process-ledger';
import { SupervisedProcess, type ProcessEvents } from '../process/supervised-process';

/** How to run Redis. */
export interface RedisOptions {
  readonly folder: string;
  readonly logFile: string;
  readonly ledger: ProcessLedger;
  readonly events?: ProcessEvents;
}

/** A Redis of our own, when the machine has a `redis-server`. Nobody reaches it without the password of this start. */
export class RedisComponent {
  #server: SupervisedProcess | undefined;
  #port = 0;
  readonly #password = randomBytes(24).toString('base64url');

  constructor(private readonly options: RedisOptions) {}

  /** Holds the password: for environments and files that only their owner reads. */
  get url(): string {
    return `redis://:${this.#password}@127.0.0.1:${this.#port}`;
  }

  get pid(): number | undefined {
    return this.#server?.pid;
  }

  get port(): number {
    return this.#port;
  }

  /**
   * Starts it.
   * @returns false when this machine has no Redis, which is fine: queues then live in PostgreSQL
   * @throws ComponentError when it is there and does not work
   */
  async start(): Promise<boolean> {
    const command = findOnPath('redis-server');
    if (command === undefined) return false;
    const { folder, logFile, ledger, events = {} } = this.options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#port = await freePort();
    const port = this.#port;
    const settings = this.#writeSettings(folder);
    this.#server = new SupervisedProcess(
      {
        name: 'redis',
        command,
        args: [settings],
        env: cleanEnv(),
        cwd: folder,
        logFile,
        isReady: () => redisAnswers(port, this.#password),
        readyTimeoutMs: 20_000,
      },
      ledger,
      events,
    );
    await this.#server.start();
    return true;
  }

  /** A file, because everybody may read a command line. */
  #writeSettings(folder: string): string {
    const file = join(folder, 'redis.conf');
    const lines = [
      `port ${this.#port}`,
      'bind 127.0.0.1',
      `requirepass ${this.#password}`,
      `dir "${folder}"`,
      'daemonize no',
      // Jobs must survive a restart and must never be evicted to make room.
      'save ""',
      'appendonly yes',
      'appendfsync everysec',
      'maxmemory-policy noeviction',
    ];
    rmSync(file, { force: true });
    writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 });
    return file;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** Whether the Redis on this port of 127.0.0.1 knows the password and answers PING (not while it loads its file). */
async function redisAnswers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    let heard = '';
    socket.on('data', (data) => {
      heard += data.toString();
      // One line for each of the two.
      if (heard.split('\r\n').length > 2) finish(heard.includes('+PONG'));
    });
    socket.connect(port, '127.0.0.1', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
  });
}
