import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@behavry/platform';
import { BackOff } from '../domain/back-off';

/** A program and what it gets. */
export interface OpaCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 15_000;
/** A run this long was a good one: the next failure waits the short time again. */
const GOOD_RUN_MS = 30_000;
/** It ends by itself within 7 s (`opaArguments`). */
const PATIENCE_MS = 8_500;

const running = new Set<ChildProcess>();
// Also when the keeper ends by a fault of its own.
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** One OPA. Kept running once it is told so: until then its first end is its last. */
export class OpaProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<string>;
  #isKept = false;
  readonly #stopped = new AbortController();
  readonly #backOff = new BackOff(FIRST_WAIT_MS, LONGEST_WAIT_MS);

  /** Starts it. @param onRestart told of each end that it did not come to by {@link stop} */
  constructor(
    private readonly spec: OpaCommand,
    private readonly log: Logger,
    private readonly onRestart: () => void,
  ) {
    this.#ended = this.#spawn();
  }

  /** Settles when the present run ends, with why. */
  get ended(): Promise<string> {
    return this.#ended;
  }

  /** From now on it is started again, with back-off, whenever it ends by itself. */
  keep(): void {
    if (this.#isKept) return;
    this.#isKept = true;
    void this.#keepRunning();
  }

  /** Asks it to end, and kills it when it does not. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const child = this.#child;
    if (!child) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => {
      this.log.warn({ pid: child.pid }, 'OPA does not end by itself and is killed');
      child.kill('SIGKILL');
    }, PATIENCE_MS);
    await this.#ended;
    clearTimeout(timer);
  }

  async #keepRunning(): Promise<void> {
    for (;;) {
      const startedAt = performance.now();
      const why = await this.#ended;
      if (this.#isStopped()) return;
      if (performance.now() - startedAt > GOOD_RUN_MS) this.#backOff.reset();
      const wait = this.#backOff.next();
      this.onRestart();
      this.log.error({ why, again_in_ms: wait }, 'OPA ended by itself; it is started again');
      await delay(wait, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
      // Stopped meanwhile: no run begins any more.
      if (this.#isStopped()) return;
      this.#ended = this.#spawn();
    }
  }

  #isStopped(): boolean {
    return this.#stopped.signal.aborted;
  }

  #spawn(): Promise<string> {
    const { command, args, env } = this.spec;
    // What it says is ours to show: it logs no decision, and no payload.
    const child = spawn(command, args, { env, stdio: ['ignore', 'inherit', 'inherit'] });
    this.#child = child;
    running.add(child);
    return new Promise((resolve) => {
      const over = (why: string): void => {
        running.delete(child);
        this.#child = undefined;
        resolve(why);
      };
      child.once('error', (error) => {
        if (child.pid === undefined) over(`it could not be started (${error.message})`);
      });
      child.once('exit', (code, signal) => {
        over(signal === null ? `it ended with code ${String(code)}` : `it was ended by ${signal}`);
      });
    });
  }
}
