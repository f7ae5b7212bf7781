import { mkdirSync } from 'node:fs';
import { Socket } from 'node:net';
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

/** A Redis of our own, when the machine has a `redis-server`. */
export class RedisComponent {
  #server: SupervisedProcess | undefined;
  #port = 0;

  constructor(private readonly options: RedisOptions) {}

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
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
    this.#server = new SupervisedProcess(
      {
        name: 'redis',
        command,
        // Jobs must survive a restart and must never be evicted to make room.
        args: [
          '--port',
          String(port),
          '--bind',
          '127.0.0.1',
          '--dir',
          folder,
          '--daemonize',
          'no',
          '--save',
          '',
          '--appendonly',
          'yes',
          '--appendfsync',
          'everysec',
          '--maxmemory-policy',
          'noeviction',
        ],
        env: cleanEnv(),
        cwd: folder,
        logFile,
        isReady: () => redisAnswers(port),
        readyTimeoutMs: 20_000,
      },
      ledger,
      events,
    );
    await this.#server.start();
    return true;
  }

  async stop(): Promise<void> {
    await this.#server?.stop();
  }
}

/** Whether a Redis on this port of 127.0.0.1 answers PING (it does not while it still loads its file). */
export async function redisAnswers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = new Socket();
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
    socket.connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
  });
}
