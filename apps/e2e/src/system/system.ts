import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePortBlock } from '@behavry/components';
import { eventually, tempDir, workspaceRoot } from '@behavry/test-components';

/** What `<data-dir>/run.json` says (surface: commands). */
export interface RunFile {
  readonly mode: string;
  readonly tenant_id: string;
  readonly planes: {
    readonly control?: PlaneAccess;
    readonly data?: PlaneAccess & { readonly deployment_id: string };
  };
  readonly demo?: {
    readonly agent: { client_id: string; client_secret: string };
    readonly mcp_servers: readonly string[];
  };
  readonly processes: readonly RunningProcess[];
}

export interface PlaneAccess {
  readonly url: string;
  readonly admin: { readonly username: string; readonly password: string };
}

export interface RunningProcess {
  readonly app: string;
  readonly plane: string;
  readonly pid: number;
  readonly port?: number;
  readonly ops_port?: number;
}

export interface StartOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly dataDir?: string;
}

/** A runner as a person would start it, seen only from outside. */
export class System {
  static readonly #started: System[] = [];
  #output = '';

  private constructor(
    readonly process: ChildProcess,
    readonly port: number,
    readonly dataDir: string,
    /** Variables it was started with, beside those of the shell. */
    readonly env: Readonly<Record<string, string>>,
  ) {
    const take = (chunk: Buffer): void => {
      this.#output += chunk.toString('utf8');
    };
    process.stdout?.on('data', take);
    process.stderr?.on('data', take);
  }

  /** Starts `npm start`'s script and waits for its READY line. */
  static async start(options: StartOptions = {}): Promise<System> {
    const system = await System.launch(options);
    await system.ready();
    return system;
  }

  /** Starts without waiting. */
  static async launch({ args = [], env = {}, port, dataDir }: StartOptions = {}): Promise<System> {
    const firstPort = port ?? (await freePortBlock(160));
    const folder = dataDir ?? tempDir();
    const child = spawn(
      process.execPath,
      [
        join(workspaceRoot(), 'tools/bin/start.mjs'),
        '--port',
        String(firstPort),
        '--data-dir',
        folder,
        ...args,
      ],
      { cwd: workspaceRoot(), env: { ...inherited(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const system = new System(child, firstPort, folder, env);
    System.#started.push(system);
    return system;
  }

  /** Waits for the READY line, or fails with what was said when the runner ends before. */
  async ready(timeoutMs = 180_000): Promise<void> {
    await eventually(
      () => {
        if (this.process.exitCode === null && !/^READY /m.test(this.#output))
          throw new Error(`not ready:\n${this.tail()}`);
      },
      { timeoutMs, everyMs: 100 },
    );
    if (this.process.exitCode !== null)
      throw new Error(`the runner ended with ${this.process.exitCode}:\n${this.tail()}`);
  }

  /** Stops whatever this test process started and still runs. */
  static async stopAll(): Promise<void> {
    await Promise.all(System.#started.splice(0).map((system) => system.stop()));
  }

  /** @returns the first port of a free block, for what must be known before the start */
  static freePort(): Promise<number> {
    return freePortBlock(160);
  }

  get output(): string {
    return this.#output;
  }

  tail(): string {
    return this.#output.slice(-4000);
  }

  async run(): Promise<RunFile> {
    return JSON.parse(await readFile(join(this.dataDir, 'run.json'), 'utf8')) as RunFile;
  }

  /** @returns the running processes of an app or component */
  async processesOf(app: string): Promise<readonly RunningProcess[]> {
    return (await this.run()).processes.filter((each) => each.app === app);
  }

  /** Ends a process the hard way. */
  async kill(app: string): Promise<RunningProcess> {
    const [found] = await this.processesOf(app);
    if (!found) throw new Error(`${app} is not running`);
    process.kill(found.pid, 'SIGKILL');
    return found;
  }

  /** Waits until an app runs again as another process. */
  async restarted(app: string, before: RunningProcess): Promise<void> {
    await eventually(
      async () => {
        const [now] = await this.processesOf(app);
        if (!now || now.pid === before.pid) throw new Error(`${app} was not started again`);
      },
      { timeoutMs: 60_000, everyMs: 100 },
    );
  }

  /** Stops in order; fails when it takes longer than the 15 s that are promised. */
  async stop(): Promise<number | null> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return this.process.exitCode;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGTERM');
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 30_000);
    await ended;
    clearTimeout(timer);
    return this.process.exitCode;
  }

  /** @returns every line that any process of this system logged, and what the runner printed, secrets excepted */
  logs(): string {
    const read = (folder: string): string =>
      readdirSync(folder, { withFileTypes: true, recursive: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.log'))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .join('\n');
    return read(this.dataDir);
  }
}

/** The variables of a developer's shell, without ours: a test says what it wants. */
function inherited(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !name.startsWith('BEHAVRY_') ||
      ['BEHAVRY_OPA_BIN', 'BEHAVRY_OPA_DOWNLOAD_URL', 'BEHAVRY_OPA_SHA256'].includes(name),
  );
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Whether a process exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
