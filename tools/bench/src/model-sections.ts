import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from './calls';
import type { Row } from './figures';
import { cpuOf, measureClosed, measurePaced, type MeasureOptions } from './measure';
import { APIS, modelPath, type ModelCall } from './models';
import { usageOf } from './process-figures';
import { measureFloor, noteProcesses, withoutEdge, type Bench } from './sections';

const CHUNKS = { short: 20, long: 220 };
const STREAMS_IN_FLIGHT = 8;
/** How many streams are held open at once. */
export const OPEN_STREAMS = 1_000;
const PACED = { chunks: 20, perSecond: 20 };

/** Each API plain and streamed: llm-proxy's own process, everything together, and what a chunk costs. */
export async function measureModels(bench: Bench): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const api of APIS) {
    const plainCall: ModelCall = { api };
    const floor = await measureFloor(bench, { kind: plainCall, path: modelPath(plainCall) });
    const plain = await measureModel(bench, plainCall, bench.options);
    noteProcesses(bench, floor, plain);
    const streamed = { ...bench.options, inFlight: STREAMS_IN_FLIGHT };
    const short = await measureModel(bench, { api, chunks: CHUNKS.short }, streamed);
    const long = await measureModel(bench, { api, chunks: CHUNKS.long }, streamed);
    const isProxy = (app: string): boolean => app === 'llm-proxy';
    const chunk = (cpuOf(long, isProxy) - cpuOf(short, isProxy)) / (CHUNKS.long - CHUNKS.short);
    const whole = { unit: '×', must: 13, aim: 11 } as const;
    rows.push(
      {
        name: `${api}: llm-proxy process`,
        unit: '×',
        value: cpuOf(plain, isProxy) / cpuOf(floor),
        must: 5,
        aim: 4,
      },
      { name: `${api}: everything together`, ...whole, value: cpuOf(plain) / cpuOf(floor) },
      { name: `${api}: a streamed chunk`, unit: 'µs', value: chunk, must: 20, aim: 15 },
    );
  }
  return rows;
}

/** How late the first piece of a stream comes, and what open streams hold in memory. */
export async function measureStreams(bench: Bench): Promise<readonly Row[]> {
  const call: ModelCall = { api: 'openai', chunks: PACED.chunks, model: 'bench-model-paced' };
  const options = { ...bench.options, perSecond: PACED.perSecond };
  const direct = { url: new URL(modelPath(call), bench.upstreamUrl).href, kind: call, tokens: [''] };
  const before = await measurePaced('upstream alone', direct, options);
  const behind = await measurePaced('llm-proxy', modelTarget(bench, call), options);
  return [
    {
      name: 'first piece of a stream, delayed, p50',
      unit: 'ms',
      value: behind.firstPiece - before.firstPiece,
      must: 1,
    },
    {
      name: `${String(OPEN_STREAMS)} open streams, memory above none`,
      unit: 'MB',
      value: await measureOpenStreams(bench),
      must: 200,
    },
  ];
}

async function measureOpenStreams(bench: Bench): Promise<number> {
  const rss = (): number => {
    const group = bench.system.groups.find(({ name }) => name === 'llm-proxy');
    return group ? usageOf(group).rssBytes / 2 ** 20 : Number.NaN;
  };
  await delay(5_000);
  const empty = rss();
  const { url } = modelTarget(bench, { api: 'openai', chunks: 2 });
  const args = [join(__dirname, 'open-streams.js'), url, bench.agent.token, String(OPEN_STREAMS)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const isOpen = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
  if (!isOpen) throw new Error('the streams did not open');
  await delay(5_000);
  const held = rss();
  child.stdin.end();
  await ended;
  return held - empty;
}

/** Straight at the proxy. */
export function modelTarget({ system, agent }: Bench, call: ModelCall): Target {
  const url = `http://127.0.0.1:${String(system.portOf('llm-proxy'))}/api/v1/${call.api}${modelPath(call)}`;
  return { url, kind: call, tokens: [agent.token] };
}

function measureModel(
  bench: Bench,
  call: ModelCall,
  options: MeasureOptions,
): ReturnType<typeof measureClosed> {
  return measureClosed('llm-proxy', modelTarget(bench, call), () => withoutEdge(bench), options);
}
