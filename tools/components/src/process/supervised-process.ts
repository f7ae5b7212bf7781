import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { ComponentError } from '../component-error';
import { waitUntil } from '../net/wait-until';
import { logSize, logTail } from './log-tail';
import { signalGroup, type ProcessLedger } from './process-ledger';

/** A program to run and keep running. */
export interface ProcessSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly logFile: string;
  /** What asks the program to end (SIGTERM). `group` asks all of its group, otherwise only the leader is asked. */
  readonly stopSignal?: NodeJS.Signals;
  readonly stopPatienceMs?: number;
  /** Whether it works now; asked after every start. Absent: it works when it runs. */
  readonly isReady?: () => Promise<boolean>;
  readonly readyTimeoutMs?: number;
}

/** What happens to a supervised process, told to whoever listens. */
export interface ProcessEvents {
  readonly onStarted?: (name: string, pid: number) => void;
  /** It ended by itself and will be started again after `delayMs`. */
  readonly onRestart?: (name: string, why: string, delayMs: number) => void;
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 15_000;
/** A run this long was a good one: the next failure starts with the short delay again. */
const GOOD_RUN_MS = 30_000;

/** Runs one program in a process group of its own and starts it again, with back-off, when it ends by itself. */
export class SupervisedProcess {
  #child: ChildProcess | undefined;
  #ended: Promise<string> = Promise.resolve('never started');
  #stopping = false;
  #failures = 0;
  #logStart = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    readonly spec: ProcessSpec,
    private readonly ledger: ProcessLedger,
    private readonly events: ProcessEvents = {},
  ) {}

  /** Pid of the process as it runs now. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get name(): string {
    return this.spec.name;
  }

  /**
   * Starts it and waits until it is ready.
   * @throws ComponentError when it ends before or is not ready in time; nothing is left running then
   */
  async start(): Promise<void> {
    this.#stopping = false;
    this.#spawn();
    const ended = this.#ended;
    let died: string | undefined;
    void ended.then((why) => (died = why));
    // A program that is not there fails only in the next turn.
    if (this.pid === undefined) await ended;
    const { isReady = () => Promise.resolve(true), readyTimeoutMs = 60_000 } = this.spec;
    const ready = await waitUntil(async () => died !== undefined || (await isReady()), {
      timeoutMs: readyTimeoutMs,
    });
    if (ready && died === undefined) {
      this.#keepRunning(ended);
      return;
    }
    // Before the stop, which ends it as well.
    const what = died ?? `was not ready after ${readyTimeoutMs / 1000} s`;
    await this.stop();
    throw new ComponentError(
      this.name,
      `${this.name} ${what}.\n${logTail(this.spec.logFile, this.#logStart)}\nWhole log: ${this.spec.logFile}`,
    );
  }

  /** Asks it to end, kills its group when it does not within the patience. Safe to call twice. */
  async stop(patienceMs = this.spec.stopPatienceMs ?? 5_000): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    const { pid } = this;
    if (pid === undefined) return;
    this.#child?.kill(this.spec.stopSignal ?? 'SIGTERM');
    let ended = false;
    void this.#ended.then(() => (ended = true));
    await waitUntil(() => ended, { timeoutMs: patienceMs, everyMs: 20 });
    // Also when the leader ended: grandchildren of its group must not outlive it.
    signalGroup(pid, 'SIGKILL');
    await this.#ended;
  }

  #spawn(): void {
    const { name, command, args, env, cwd, uid, gid, logFile, stopSignal = 'SIGTERM' } = this.spec;
    mkdirSync(dirname(logFile), { recursive: true });
    this.#logStart = logSize(logFile);
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn(command, args, {
      cwd,
      env,
      detached: true,
      stdio: ['ignore', log, log],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#child = undefined;
        resolve(`could not be started (${error.message})`);
      });
      child.once('exit', (code, signal) => {
        if (child.pid !== undefined) this.ledger.remove(child.pid);
        this.#child = undefined;
        resolve(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
      });
    });
    if (child.pid === undefined) return;
    this.ledger.add(name, child.pid, stopSignal);
    this.events.onStarted?.(name, child.pid);
  }

  #keepRunning(ended: Promise<string>): void {
    const startedAt = performance.now();
    const leader = this.pid;
    void ended.then((why) => {
      if (this.#stopping) return;
      if (leader !== undefined) signalGroup(leader, 'SIGKILL');
      this.#failures = performance.now() - startedAt > GOOD_RUN_MS ? 1 : this.#failures + 1;
      const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (this.#failures - 1), LONGEST_DELAY_MS);
      this.events.onRestart?.(this.name, why, delayMs);
      this.#timer = setTimeout(() => {
        if (this.#stopping) return;
        this.#spawn();
        this.#keepRunning(this.#ended);
      }, delayMs);
    });
  }
}
