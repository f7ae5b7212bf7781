import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOpaFiles } from '@behavry/platform';
import { eventually, freePort, opaForTests, tempDir, workspaceRoot } from '@behavry/testing';

/** What the keeper's own port said. */
export interface Health {
  readonly status: number;
  readonly body: { readonly checks: { readonly opa?: { readonly detail?: string } } };
}

let isBuilt = false;

/** A keeper as its container runs it: the built program, and what it finds on its machine. */
export class RunningKeeper {
  readonly #child: ChildProcess;
  /** Settles with its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;

  private constructor(
    child: ChildProcess,
    readonly folder: string,
    readonly opsUrl: string,
  ) {
    this.#child = child;
    this.exited = new Promise((resolve) => child.once('exit', resolve));
  }

  /** @param folder of an earlier one @param env further variables */
  static async start(
    env: Readonly<Record<string, string>> = {},
    folder = tempDir('keeper-'),
  ): Promise<RunningKeeper> {
    const root = workspaceRoot();
    if (!isBuilt) execFileSync(process.execPath, [join(root, 'tools/build/build.mjs'), 'opa-keeper']);
    isBuilt = true;
    mkdirSync(join(folder, 'files'), { recursive: true });
    const opsPort = String(await freePort());
    const log = openSync(join(folder, 'log'), 'a');
    const child = spawn(process.execPath, [join(root, 'dist/apps/opa-keeper/main.js')], {
      env: {
        PATH: process.env['PATH'] ?? '',
        BEHAVRY_OPA_BIN: await opaForTests(),
        BEHAVRY_OPA_LISTEN: `unix://${folder}/opa.sock`,
        BEHAVRY_OPA_FILES_DIR: join(folder, 'files'),
        BEHAVRY_OPA_SYSTEM_DIR: join(root, 'docker/opa/system'),
        BEHAVRY_OPA_OPS_PORT: opsPort,
        ...env,
      },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    const keeper = new RunningKeeper(child, folder, `http://127.0.0.1:${opsPort}`);
    running.add(keeper);
    void keeper.exited.then(() => running.delete(keeper));
    await eventually(() => fetch(`${keeper.opsUrl}/health/live`), { timeoutMs: 20_000 });
    return keeper;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get socket(): string {
    return join(this.folder, 'opa.sock');
  }

  get log(): string {
    return readFileSync(join(this.folder, 'log'), 'utf8');
  }

  /** Process ids of its OPAs. */
  opas(): readonly number[] {
    const file = `/proc/${String(this.pid)}/task/${String(this.pid)}/children`;
    return readFileSync(file, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  }

  /** Writes OPA's files as license-service does. */
  give(config: string, token = 'token'): void {
    writeOpaFiles(join(this.folder, 'files'), { config, token });
  }

  async health(): Promise<Health> {
    const answer = await fetch(`${this.opsUrl}/health/ready`);
    return { status: answer.status, body: (await answer.json()) as Health['body'] };
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.opsUrl}/metrics`)).text();
    return Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${name} `))
        ?.split(' ')[1],
    );
  }

  async ready(): Promise<void> {
    await eventually(async () => expect((await this.health()).status).toBe(200), { timeoutMs: 30_000 });
  }

  signal(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    return this.exited;
  }
}

const running = new Set<RunningKeeper>();

/** Ends what a test has left. */
export async function stopKeepers(): Promise<void> {
  await Promise.all([...running].map((keeper) => keeper.signal('SIGTERM')));
}

/** Whether a process is there and is no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
