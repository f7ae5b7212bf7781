import { setTimeout as delay } from 'node:timers/promises';
import type { BenchAgent, BenchSystem } from './system';
import type { CallKind, Target } from './calls';
import type { Row } from './figures';
import { durableWrites } from './durable-writes';
import { measureEdits } from './edit-latency';
import { measureKillSwitch } from './kill-latency';
import {
  cpuOf,
  measureClosed,
  measurePaced,
  runLoad,
  type ClosedFigures,
  type MeasureOptions,
} from './measure';
import { measureNoisyNeighbour } from './noisy-neighbour';
import { measureModels, measureStreams, modelTarget } from './model-sections';
import { fillers } from './policies';
import type { ProcessGroup } from './process-figures';
import { profileStages } from './stage-profile';

/** What every section measures with. */
export interface Bench {
  readonly system: BenchSystem;
  readonly agent: BenchAgent;
  readonly options: MeasureOptions;
  readonly samples: number;
  readonly policies: number;
  readonly agents: number;
  readonly noisySeconds: number;
  readonly upstreamUrl: string;
  /** On the disk of the measured system. */
  readonly dataDir: string;
  /** The bare pass-through to it. */
  readonly floor: { readonly url: string; readonly pid: number };
  /** Details worth a look, printed after the rows. */
  readonly notes: string[];
}

const RECORD_PATH = new Set(['audit-writer', 'postgres', 'redis', 'behavior-monitor']);

/** Each measures some rows of the report. They run in this order, which ends with what changes the system most. */
export const SECTIONS: Readonly<Record<string, (bench: Bench) => Promise<readonly Row[]>>> = {
  async mcp(bench) {
    const floor = await measureFloor(bench);
    const figures = await measureProxy(bench);
    const row = (name: string, must: number, aim: number, isMeant?: (app: string) => boolean): Row => ({
      name,
      unit: '×',
      value: cpuOf(figures, isMeant) / cpuOf(floor),
      must,
      aim,
    });
    const isOther = (app: string): boolean => app !== 'mcp-proxy' && app !== 'opa' && !RECORD_PATH.has(app);
    noteProcesses(bench, floor, figures);
    return [
      row('mcp-proxy process', 5, 4, (app) => app === 'mcp-proxy'),
      row('record path: writer, database, queue, monitor', 2.5, 1.2, (app) => RECORD_PATH.has(app)),
      row('OPA process', 5, 4.5, (app) => app === 'opa'),
      row('all other processes', 0.5, 0.3, isOther),
      row('everything together', 13, 11),
    ];
  },

  async edge(bench) {
    const floor = await measureFloor(bench);
    const target = {
      url: `${bench.system.url}/mcp/v1/bench`,
      kind: 'mcp' as const,
      tokens: [bench.agent.token],
    };
    const groups = (): readonly ProcessGroup[] => bench.system.groups.filter(({ name }) => name === 'edge');
    const figures = await measureClosed('edge', target, groups, bench.options);
    return [
      {
        name: 'edge of the local runner, added',
        unit: '×',
        value: cpuOf(figures) / cpuOf(floor),
        must: 3,
        aim: 2.5,
      },
    ];
  },

  async latency(bench) {
    const { options, upstreamUrl } = bench;
    const direct = await measurePaced(
      'upstream alone',
      { url: upstreamUrl, kind: 'mcp', tokens: [''] },
      options,
    );
    const proxied = await measurePaced('mcp-proxy', proxyTarget(bench), options);
    const pace = `at ${options.perSecond} calls/s`;
    bench.notes.push(await durableWrites(bench.dataDir));
    return [
      { name: `added latency ${pace}, p50`, unit: 'ms', value: proxied.p50 - direct.p50, must: 1.5, aim: 1 },
      { name: `added latency ${pace}, p99`, unit: 'ms', value: proxied.p99 - direct.p99, must: 8, aim: 4 },
    ];
  },

  llm: measureModels,
  streams: measureStreams,

  async stages(bench) {
    await profiled(bench, 'mcp-proxy', proxyTarget(bench));
    await profiled(bench, 'llm-proxy', modelTarget(bench, { api: 'openai' }));
    return [];
  },

  async kill({ system, samples }) {
    const value = await measureKillSwitch(system, samples);
    return [{ name: 'kill switch thrown → refused, p99', unit: 'ms', value, must: 300, aim: 50 }];
  },

  async edits({ system, agent, samples }) {
    const { p99 } = await measureEdits(system, agent.token, samples);
    return [{ name: 'policy edited → enforced, p99', unit: 'ms', value: p99, must: 1000 }];
  },

  async agents(bench) {
    const one = await measureRatio(bench);
    const tokens = [bench.agent.token];
    while (tokens.length < bench.agents)
      tokens.push((await bench.system.agent(`bench-${tokens.length}`)).token);
    const many = await measureRatio(bench, tokens);
    return [{ name: `1 → ${bench.agents} agents`, unit: '×', value: many / one, must: 1.2, aim: 1.1 }];
  },

  noisy: measureNoisyNeighbour,

  async policies(bench) {
    const few = await measureRatio(bench);
    const all = fillers(bench.policies);
    await bench.system.api('POST', '/api/v1/policies/import', { policies: all, activate: true });
    const many = await measureRatio(bench);
    const { p99 } = await measureEdits(bench.system, bench.agent.token, bench.samples);
    return [
      { name: `10 → ${bench.policies} policies`, unit: '×', value: many / few, must: 1.2, aim: 1.1 },
      {
        name: `policy edited → enforced with ${bench.policies} policies, p99`,
        unit: 'ms',
        value: p99,
        must: 1000,
      },
    ];
  },
};

function proxyTarget({ system, agent }: Bench, tokens = [agent.token]): Target {
  return { url: `http://127.0.0.1:${system.portOf('mcp-proxy')}/mcp/v1/bench`, kind: 'mcp', tokens };
}

/** @param path and what is called there; a tool where it is left out */
export function measureFloor(
  { floor: { url, pid }, options }: Bench,
  { kind = 'mcp', path = '/mcp' }: { readonly kind?: CallKind; readonly path?: string } = {},
): Promise<ClosedFigures> {
  const groups = (): readonly ProcessGroup[] => [{ name: 'pass-through', pids: [pid] }];
  return measureClosed('pass-through', { url: `${url}${path}`, kind, tokens: [''] }, groups, options);
}

/** Straight at the proxy: the edge stands for what a customer puts before it, and has its own row. */
function measureProxy(bench: Bench, tokens?: readonly string[]): Promise<ClosedFigures> {
  return measureClosed(
    'mcp-proxy',
    proxyTarget(bench, tokens ? [...tokens] : undefined),
    () => withoutEdge(bench),
    bench.options,
  );
}

/** Everything together against a pass-through of the same minute: what a comparison over a longer time needs. */
async function measureRatio(bench: Bench, tokens?: readonly string[]): Promise<number> {
  return cpuOf(await measureProxy(bench, tokens)) / cpuOf(await measureFloor(bench));
}

export function withoutEdge({ system }: Bench): readonly ProcessGroup[] {
  return system.groups.filter(({ name }) => name !== 'edge');
}

export function noteProcesses({ notes }: Bench, floor: ClosedFigures, figures: ClosedFigures): void {
  const parts = Object.entries(figures.cpuOf)
    .sort(([, a], [, b]) => b - a)
    .filter(([, cpu]) => cpu >= 1)
    .map(([name, cpu]) => `${name} ${cpu.toFixed(0)} µs`);
  const { calls, seconds, p50, p99 } = figures.load;
  notes.push(
    `${figures.way}, CPU a call: ${parts.join(' · ')}; pass-through ${cpuOf(floor).toFixed(0)} µs. ` +
      `${(calls / seconds).toFixed(0)} calls/s (p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms), ` +
      `pass-through ${(floor.load.calls / floor.load.seconds).toFixed(0)} calls/s.`,
  );
}

/** Where a proxy's time goes under load, as shares in two notes. */
async function profiled(bench: Bench, app: string, target: Target): Promise<void> {
  const pid = bench.system.run.processes.find((process) => process.app === app)?.pid ?? 0;
  // Longer than the profile, which waits for the load to have begun.
  const load = runLoad({ ...target, ...bench.options, seconds: bench.options.seconds + 4, perSecond: 0 });
  const profile = delay(2000).then(() => profileStages(pid, bench.options.seconds * 1000));
  const [{ stages, rooms }] = await Promise.all([profile, load]);
  const shares = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .sort(([, a], [, b]) => b - a)
      .filter(([, share]) => share >= 0.005)
      .map(([name, share]) => `${name} ${(share * 100).toFixed(1)} %`)
      .join(' · ');
  bench.notes.push(
    `${app} by stage (share of its busy time, with what it calls): ${shares(stages)}`,
    `${app} by room (without what it calls): ${shares(rooms)}`,
  );
}
