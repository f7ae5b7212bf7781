import { cpus, totalmem } from 'node:os';
import { ratiosOf, rate, type Measured } from './figures';

/** Everything that one run of the benchmark found. */
export interface BenchReport {
  readonly at: string;
  readonly machine: string;
  readonly policies: number;
  readonly direct: Measured;
  readonly floor: Measured;
  readonly ways: readonly Measured[];
  readonly editToEnforcedMs: { readonly p50: number; readonly p99: number; readonly samples: number };
  readonly memoryMb: Readonly<Record<string, number>>;
}

export function machineOf(): string {
  return `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`;
}

/** @returns a report as a readable table, ratios first */
export function table(report: BenchReport): string {
  const { direct, floor } = report;
  const ratios = report.ways.map((way) => {
    const { cpu, callsPerSecond, addedP50Ms, addedP99Ms } = ratiosOf(way, floor, direct);
    return `| ${way.way} | ${cpu.toFixed(1)} × | ${callsPerSecond.toFixed(2)} × | ${addedP50Ms.toFixed(2)} ms | ${addedP99Ms.toFixed(2)} ms |`;
  });
  const absolute = [direct, floor, ...report.ways].map(
    ({ way, closed, paced, cpuPerCall }) =>
      `| ${way} | ${rate(closed).toFixed(0)} | ${cpuPerCall.toFixed(0)} µs | ${paced.p50.toFixed(2)} | ${paced.p99.toFixed(2)} | ${closed.errors + paced.errors} |`,
  );
  const parts = report.ways.flatMap(({ way, cpuPerCallOf }) =>
    Object.entries(cpuPerCallOf)
      .filter(([, cpu]) => cpu >= 1)
      .sort(([, a], [, b]) => b - a)
      .map(([name, cpu]) => `| ${way} | ${name} | ${cpu.toFixed(0)} µs |`),
  );
  const { p50, p99, samples } = report.editToEnforcedMs;
  const memory = Object.entries(report.memoryMb).map(([name, mb]) => `${name} ${mb.toFixed(0)} MB`);
  return [
    `### ${report.policies} policies`,
    '',
    `| way | CPU a call | calls a second | added p50 | added p99 |`,
    `|---|---|---|---|---|`,
    ...ratios,
    '',
    '(CPU and calls a second against the bare pass-through of the same run; added latency against the upstream alone, paced)',
    '',
    `| way | calls/s | CPU a call | p50 ms | p99 ms | errors |`,
    `|---|---|---|---|---|---|`,
    ...absolute,
    '',
    `| way | process | CPU a call |`,
    `|---|---|---|`,
    ...parts,
    '',
    `Policy edited → enforced: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms (${samples} edits). Memory: ${memory.join(', ')}.`,
    '',
  ].join('\n');
}
