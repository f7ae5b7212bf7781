import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { BundleFile } from '@behavry/domain';
import { processEnvironment, ProblemError, ServiceContext, Turns } from '@behavry/platform';
import type { PolicyConfig } from '../policy-service.config';

/** What a run of the `opa` command left. */
export interface OpaRun {
  /** Exit code; null when it was ended for taking too long or printing too much. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const TIMEOUT_MS = 20_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const MAX_ERROR_BYTES = 1024 * 1024;

/** Runs the command in the turns of one tenant. */
export interface OpaRunner {
  /**
   * @param files written below the folder in which the command runs
   * @param stdin text for its standard input
   * @throws ProblemError 503 when there is no such command, or too many checks wait
   */
  run(args: readonly string[], files: readonly BundleFile[], stdin?: string): Promise<OpaRun>;
}

/** A tenant has at most two of three runs, so that its slow tests hold up nobody else's activation. */
const TURNS = { atOnce: 3, atOnceOfOne: 2, maxWaiting: 256, maxWaitingOfOne: 64 };

/**
 * Runs the `opa` command on files in a folder of their own that is always removed. The child sees no
 * environment of ours, has a time-out, and cannot print without bound.
 */
@Injectable()
export class OpaCommand {
  readonly #turns = new Turns(
    TURNS,
    () =>
      new ProblemError('unavailable', 'Too many policies are being checked; try again shortly.', {
        headers: { 'retry-after': '2' },
      }),
  );

  constructor(private readonly context: ServiceContext<PolicyConfig>) {}

  /** @param tenantId whose turns are taken */
  for(tenantId: string): OpaRunner {
    return {
      run: (args, files, stdin = '') => this.#turns.take(() => this.#run(args, files, stdin), tenantId),
    };
  }

  async #run(args: readonly string[], files: readonly BundleFile[], stdin: string): Promise<OpaRun> {
    const folder = await mkdtemp(join(tmpdir(), `behavry-gate-${String(process.pid)}-`));
    try {
      for (const { path, content } of files) {
        const file = join(folder, path);
        await mkdir(dirname(file), { recursive: true });
        await writeFile(file, content);
      }
      return await this.#spawn(args, folder, stdin);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  #spawn(args: readonly string[], folder: string, stdin: string): Promise<OpaRun> {
    const command = this.context.config.opaBin;
    const child = spawn(command, args, {
      cwd: folder,
      env: { PATH: processEnvironment()['PATH'], HOME: folder, GOMEMLIMIT: '512MiB' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new Promise((resolve, reject) => {
      const stdout = collect(child.stdout, MAX_OUTPUT_BYTES, () => child.kill('SIGKILL'));
      const stderr = collect(child.stderr, MAX_ERROR_BYTES, () => child.kill('SIGKILL'));
      const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
      child.once('error', (error) => {
        clearTimeout(timer);
        this.context.log.error({ err: error, command }, 'the opa command cannot be run');
        reject(missing(command));
      });
      child.once('close', (status) => {
        clearTimeout(timer);
        resolve({ status, stdout: stdout(), stderr: stderr() });
      });
      // A child that ends before it has read everything breaks the pipe; its status tells what happened.
      child.stdin.on('error', () => undefined);
      child.stdin.end(stdin);
    });
  }
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number, onOverflow: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) onOverflow();
    else chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

function missing(command: string): ProblemError {
  return new ProblemError(
    'component_missing',
    `Policies are checked with the opa command, and "${command}" cannot be run here. ` +
      'Install OPA 1.22.2 or newer and set BEHAVRY_OPA_BIN to its path.',
  );
}
