import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOnPath, waitUntil } from '@behavry/components';
import { Engine, EngineError, runCommand } from './engine';

const START_MS = 60_000;

/** A container engine, and how to be done with it. */
export interface FoundEngine {
  readonly engine: Engine;
  /** Ends the engine when it was started here, and removes what it kept unless it is to be kept. */
  readonly release: () => Promise<void>;
}

/**
 * The engine of this machine; where none answers and this is root with `dockerd` on PATH (as in continuous integration),
 * one is started for this run, with its data outside the workspace.
 * @param dataDir where an own engine keeps its images for the next run; a temporary folder when not given
 * @throws EngineError that says what is missing
 */
export async function findEngine(say: (line: string) => void, dataDir?: string): Promise<FoundEngine> {
  try {
    return { engine: Engine.find(), release: () => Promise.resolve() };
  } catch (error) {
    const dockerd = findOnPath('dockerd');
    if (dockerd === undefined || process.getuid?.() !== 0 || process.env['DOCKER_HOST']) throw error;
    return startEngine(dockerd, say, dataDir);
  }
}

async function startEngine(
  dockerd: string,
  say: (line: string) => void,
  dataDir: string | undefined,
): Promise<FoundEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-engine-'));
  const data = dataDir ?? join(folder, 'data');
  mkdirSync(data, { recursive: true });
  const socket = `unix://${join(folder, 'docker.sock')}`;
  say(`no Docker engine answers: starting one of our own (log: ${join(folder, 'dockerd.log')})`);
  const log = openSync(join(folder, 'dockerd.log'), 'a');
  const child = spawn(
    dockerd,
    [
      ...['--data-root', data, '--exec-root', join(folder, 'exec'), '--pidfile', join(folder, 'pid')],
      ...['--host', socket, '--default-ulimit', 'nofile=20000:20000'],
    ],
    { stdio: ['ignore', log, log] },
  );
  const end = (): boolean => child.kill();
  process.once('exit', end);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const release = async (): Promise<void> => {
    process.off('exit', end);
    child.kill();
    await ended;
    if (child.exitCode === 0) rmSync(folder, { recursive: true, force: true });
  };
  process.env['DOCKER_HOST'] = socket;
  const answers = async (): Promise<boolean> =>
    (await runCommand(['docker', 'version', '--format', '{{.Server.Version}}'])).code === 0;
  if (!(await waitUntil(answers, { timeoutMs: START_MS, everyMs: 250 }))) {
    await release();
    throw new EngineError(`dockerd does not answer after ${START_MS / 1000} s; its log is in ${folder}`);
  }
  return { engine: Engine.find(), release };
}
