import { runLoad, startPart } from './measure';
import type { Row } from './figures';
import type { LoadResult } from './load';
import type { BenchSystem } from './system';

/** Limits as a small tenant has them: what one agent may do to another is decided by them, too. */
const LIMITS = { agent_per_minute: 600, tenant_per_minute: 12_000, agent_concurrency: 32 };
/** Calls a second of the quiet agent: below its limit. */
const QUIET_PER_SECOND = 5;

/**
 * One agent does its worst; another's calls must all succeed, and its p99 at most triple.
 * Measured for `noisySeconds`, alone and then beside the other.
 */
export async function measureNoisyNeighbour({
  system,
  noisySeconds: seconds,
  notes,
}: {
  readonly system: BenchSystem;
  readonly noisySeconds: number;
  readonly notes: string[];
}): Promise<readonly Row[]> {
  const url = `http://127.0.0.1:${system.portOf('mcp-proxy')}/mcp/v1/bench`;
  const [quiet, noisy] = [await system.agent('quiet'), await system.agent('noisy')];
  await system.limit(LIMITS);
  const order = {
    url,
    kind: 'mcp' as const,
    tokens: [quiet.token],
    inFlight: 1,
    perSecond: QUIET_PER_SECOND,
    seconds,
  };
  const alone = await runLoad(order);
  const worst = await startPart('noisy.js', [url, noisy.token]);
  try {
    const beside = await runLoad(order);
    notes.push(
      `Noisy neighbour: the other's calls ${latencies(alone)} alone, ${latencies(beside)} beside it.`,
    );
    return [
      {
        name: `noisy neighbour: the other's calls that fail (${seconds} s)`,
        unit: 'errors',
        value: beside.errors,
        must: 0,
      },
      { name: "noisy neighbour: the other's p99", unit: '×', value: beside.p99 / alone.p99, must: 3 },
    ];
  } finally {
    worst.kill();
    await system.limit();
  }
}

function latencies({ p50, p99 }: LoadResult): string {
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`;
}
