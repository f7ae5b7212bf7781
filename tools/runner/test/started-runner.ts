import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@behavry/test-components';
import type { RunFile } from '../src/runner/run-file';

/** The built runner as a process, with what it prints. */
export class StartedRunner {
  output = '';
  exitCode: number | null | undefined;
  readonly #child: ChildProcess;

  constructor(
    root: string,
    readonly dataDir: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#child = spawn(
      process.execPath,
      [join(root, 'dist/tools/runner/main.js'), '--data-dir', dataDir, ...args],
      {
        env: {
          ...process.env,
          BEHAVRY_ROOT: root,
          BEHAVRY_DB_URL: '',
          npm_lifecycle_event: undefined,
          ...env,
        },
      },
    );
    this.#child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.#child.once('exit', (code) => (this.exitCode = code));
  }

  get runFile(): RunFile {
    return JSON.parse(readFileSync(join(this.dataDir, 'run.json'), 'utf8')) as RunFile;
  }

  async ready(): Promise<this> {
    await eventually(
      () => {
        if (this.exitCode !== undefined) throw new Error(`ended with ${this.exitCode}:\n${this.output}`);
        expect(this.output).toMatch(/^READY http/mu);
      },
      { timeoutMs: 60_000 },
    );
    return this;
  }

  /** @returns its exit code */
  async ended(timeoutMs = 60_000): Promise<number | null | undefined> {
    await eventually(() => expect(this.exitCode).toBeDefined(), { timeoutMs });
    return this.exitCode;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null | undefined> {
    this.kill(signal);
    return this.ended(15_000);
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
