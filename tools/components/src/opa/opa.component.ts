import { request as httpRequest } from 'node:http';
import { cleanEnv } from '../process/clean-env';
import type { ProcessLedger } from '../process/process-ledger';
import { SupervisedProcess, type ProcessEvents } from '../process/supervised-process';

/** How to run one OPA. */
export interface OpaOptions {
  readonly name: string;
  readonly command: string;
  /** Path of its unix socket; at most about 100 bytes, or OPA refuses it. */
  readonly socket: string;
  /** What it loads at start: Rego files, data files, folders. */
  readonly paths?: readonly string[];
  readonly configFile?: string;
  /**
   * Whether a loaded `system.authz` decides who may ask what. It costs a third of a decision. Leave it out only where
   * no other program has this uid (servers on stdio run under another one): the socket is open to this uid alone.
   */
  readonly hasAuthorization?: boolean;
  readonly logFile: string;
  readonly ledger: ProcessLedger;
  readonly events?: ProcessEvents;
}

/** Largest question in bytes. What a proxy asks is bounded to a quarter of it; OPA's own bound is 256 MB. */
const MAX_REQUEST_BYTES = 1024 * 1024;

/**
 * OPA's heap is small and its garbage plenty: letting it grow further between collections takes a quarter off the
 * processor time of a decision (docs/benchmarks.md). The limit makes Go collect more when memory gets scarce; it is
 * a wish and no bound, which only a container gives.
 */
const FEWER_COLLECTIONS = { GOGC: '800', GOMEMLIMIT: '512MiB' };

/** One `opa run --server` on a unix socket. */
export class OpaComponent {
  readonly #server: SupervisedProcess;

  constructor(readonly options: OpaOptions) {
    this.#server = new SupervisedProcess(
      {
        name: options.name,
        command: options.command,
        args: [
          'run',
          '--server',
          '--addr',
          `unix://${options.socket}`,
          '--unix-socket-perm',
          '600',
          '--skip-version-check',
          '--log-level',
          'error',
          '--optimize-store-for-read-speed',
          '--set',
          `server.decoding.max_length=${MAX_REQUEST_BYTES}`,
          ...(options.hasAuthorization === true ? ['--authorization=basic'] : []),
          ...(options.configFile === undefined ? [] : ['-c', options.configFile]),
          ...(options.paths ?? []),
        ],
        // It can read its whole environment: it is given nothing worth reading.
        env: cleanEnv(FEWER_COLLECTIONS),
        logFile: options.logFile,
        isReady: () => answersHealth(options.socket),
        readyTimeoutMs: 30_000,
      },
      options.ledger,
      options.events ?? {},
    );
  }

  get socket(): string {
    return this.options.socket;
  }

  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** @throws ComponentError with the end of its log when it does not come up */
  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }
}

/** Whether an HTTP server on this unix socket says it is well; it need not have a bundle yet. */
export async function answersHealth(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = httpRequest({ socketPath, path: '/health', timeout: 2_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(false));
    request.end();
  });
}
