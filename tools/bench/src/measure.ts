import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Target } from './calls';
import type { Measured } from './figures';
import type { LoadOrder, LoadResult } from './load';
import { usageOf, type ProcessGroup } from './process-figures';

const run = promisify(execFile);

export interface MeasureOptions {
  readonly seconds: number;
  readonly inFlight: number;
  readonly perSecond: number;
}

/** Starts one of the benchmark's own processes and waits until it listens. */
export async function startPart(script: string, args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(__dirname, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => {
      resolve();
    });
    child.once('exit', (code) => {
      reject(new Error(`${script} ended with ${code}`));
    });
  });
  return child;
}

/** Warms a way up, then measures it closed-loop (with CPU of its processes) and paced. */
export async function measure(
  way: string,
  target: Target,
  groups: readonly ProcessGroup[],
  { seconds, inFlight, perSecond }: MeasureOptions,
): Promise<Measured> {
  await load({ ...target, seconds: Math.max(2, seconds / 3), inFlight, perSecond: 0 });
  const before = groups.map(usageOf);
  const closed = await load({ ...target, seconds, inFlight, perSecond: 0 });
  const used = groups.map((group, index) => usageOf(group).cpuMs - (before[index]?.cpuMs ?? 0));
  const paced = await load({ ...target, seconds, inFlight, perSecond });
  const microseconds = (ms: number): number => (ms * 1000) / closed.calls;
  return {
    way,
    closed,
    paced,
    cpuPerCall: microseconds(used.reduce((sum, ms) => sum + ms, 0)),
    cpuPerCallOf: Object.fromEntries(groups.map(({ name }, index) => [name, microseconds(used[index] ?? 0)])),
  };
}

async function load(order: LoadOrder): Promise<LoadResult> {
  const { stdout } = await run(process.execPath, [join(__dirname, 'load.js'), JSON.stringify(order)], {
    maxBuffer: 1 << 20,
  });
  return JSON.parse(stdout) as LoadResult;
}
