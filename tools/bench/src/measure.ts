import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import type { Target } from './calls';
import type { LoadOrder, LoadResult } from './load';
import { usageOf, type ProcessGroup } from './process-figures';

/** How a way is measured. */
export interface MeasureOptions {
  readonly seconds: number;
  readonly inFlight: number;
  readonly perSecond: number;
}

/** One way to the upstream under closed-loop load. */
export interface ClosedFigures {
  readonly way: string;
  readonly load: LoadResult;
  /** CPU of each process between the caller and the upstream, µs a call. */
  readonly cpuOf: Readonly<Record<string, number>>;
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

/** What a process that has just begun pays for its compiler says nothing of how it runs. */
const WARM_UP_SECONDS = 10;

/**
 * Warms a way up, then loads it as fast as it goes and counts the CPU of its processes.
 * @param groups asked before and after, because a process may be started again in between
 * @throws Error when a process was, or when an answer was wrong: such figures say nothing
 */
export async function measureClosed(
  way: string,
  target: Target,
  groups: () => readonly ProcessGroup[],
  { seconds, inFlight }: MeasureOptions,
): Promise<ClosedFigures> {
  await settle(groups);
  const order = { ...target, inFlight, perSecond: 0 };
  await runLoad({ ...order, seconds: Math.max(WARM_UP_SECONDS, seconds) });
  const before = groups();
  const usedBefore = before.map((group) => usageOf(group).cpuMs);
  const load = await runLoad({ ...order, seconds });
  if (JSON.stringify(groups()) !== JSON.stringify(before))
    throw new Error(`${way}: a process was started again while it was measured`);
  expectNoErrors(way, load);
  const cpuOf = Object.fromEntries(
    before.map((group, index) => [
      group.name,
      ((usageOf(group).cpuMs - (usedBefore[index] ?? 0)) * 1000) / load.calls,
    ]),
  );
  return { way, load, cpuOf };
}

/** Calls at a steady pace: what latency means to somebody who calls. */
export async function measurePaced(
  way: string,
  target: Target,
  { seconds, inFlight, perSecond }: MeasureOptions,
): Promise<LoadResult> {
  await runLoad({ ...target, inFlight, perSecond, seconds: WARM_UP_SECONDS });
  const load = await runLoad({ ...target, inFlight, perSecond, seconds });
  expectNoErrors(way, load);
  return load;
}

/** Waits until what an earlier load has left to do is done: less than a fifth of a core, or half a minute. */
async function settle(groups: () => readonly ProcessGroup[]): Promise<void> {
  const used = (): number => groups().reduce((sum, group) => sum + usageOf(group).cpuMs, 0);
  for (let tries = 0, before = used(); tries < 30; tries += 1) {
    await delay(1000);
    const now = used();
    if (now - before < 200) return;
    before = now;
  }
}

/** One run of load in a process of its own. */
export async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(__dirname, 'load.js')], { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(JSON.stringify(order));
  const ended = once(child, 'exit');
  const [said, faults] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`the load ended with ${String(code)}: ${faults.trim()}`);
  return JSON.parse(said) as LoadResult;
}

function expectNoErrors(way: string, { calls, errors, firstError = '' }: LoadResult): void {
  if (errors > 0 || calls === 0)
    throw new Error(`${way}: ${errors} of ${calls + errors} answers were wrong; the first: ${firstError}`);
}

/** @returns CPU of all processes whose name passes, µs a call */
export function cpuOf(figures: ClosedFigures, isMeant: (name: string) => boolean = () => true): number {
  return Object.entries(figures.cpuOf).reduce((sum, [name, cpu]) => (isMeant(name) ? sum + cpu : sum), 0);
}
