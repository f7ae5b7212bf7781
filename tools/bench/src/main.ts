import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '@behavry/components';
import { measureEdits } from './edit-latency';
import { measure, startPart, type MeasureOptions } from './measure';
import { fillers, toolPolicy } from './policies';
import { usageOf } from './process-figures';
import { machineOf, table, type BenchReport } from './report';
import { BenchSystem } from './system';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    'in-flight': { type: 'string', default: '16' },
    rate: { type: 'string', default: '100' },
    edits: { type: 'string', default: '30' },
    policies: { type: 'string', default: '10,1000' },
    json: { type: 'string' },
  },
});

/** Measures everything in one run, so that every figure has its floor beside it. */
async function main(): Promise<void> {
  const root = process.cwd();
  const options: MeasureOptions = {
    seconds: Number(values.seconds),
    inFlight: Number(values['in-flight']),
    perSecond: Number(values.rate),
  };
  const dataDir = await mkdtemp(join(tmpdir(), 'behavry-bench-'));
  const upstreamPort = await freePort();
  const floorPort = await freePort();
  const upstreamUrl = `http://127.0.0.1:${upstreamPort}/mcp`;
  const upstream = await startPart('upstream.js', [String(upstreamPort)]);
  const floor = await startPart('pass-through.js', [String(floorPort), upstreamUrl]);
  console.log('starting a standalone system');
  const system = await BenchSystem.start(root, await firstFreePort(), dataDir);
  const reports: BenchReport[] = [];
  try {
    const token = await prepare(system, upstreamUrl);
    let present = 1;
    for (const policies of values.policies.split(',').map(Number)) {
      const missing = policies - present;
      if (missing > 0) {
        console.log(`activating ${missing} policies`);
        const all = fillers(policies - 1);
        await system.api('POST', '/api/v1/policies/import', {
          policies: all.slice(present - 1),
          activate: true,
        });
        present = policies;
      }
      const found = await report(
        system,
        token,
        policies,
        { upstreamUrl, floorPort, upstreamPid: upstream.pid ?? 0, floorPid: floor.pid ?? 0 },
        options,
      );
      reports.push(found);
      console.log(table(found));
    }
  } finally {
    await system.stop();
    upstream.kill();
    floor.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
  const json = JSON.stringify(reports, null, 2);
  if (values.json === undefined) console.log(json);
  else await writeFile(values.json, `${json}\n`);
}

/** Registers the upstream, allows its tool, and enrols an agent without limits. */
async function prepare(system: BenchSystem, upstreamUrl: string): Promise<string> {
  await system.api('POST', '/api/v1/mcp-servers', {
    id: 'bench',
    name: 'Bench',
    transport: 'streamable-http',
    url: upstreamUrl,
    enabled: true,
  });
  await system.api('PUT', '/api/v1/rate-limits', { agent_per_minute: null, tenant_per_minute: null });
  const { id } = await system.api<{ id: string }>('POST', '/api/v1/policies', {
    name: 'bench',
    description: 'measured',
    category: 'base',
    content: toolPolicy('bench', 'echo', 'allow'),
  });
  await system.api('POST', `/api/v1/policies/${id}/activate`, {});
  return system.agentToken('bench');
}

interface Places {
  readonly upstreamUrl: string;
  readonly floorPort: number;
  readonly upstreamPid: number;
  readonly floorPid: number;
}

async function report(
  system: BenchSystem,
  token: string,
  policies: number,
  { upstreamUrl, floorPort, floorPid }: Places,
  options: MeasureOptions,
): Promise<BenchReport> {
  const withoutEdge = system.groups.filter(({ name }) => !name.startsWith('edge'));
  console.log(`measuring with ${policies} policies`);
  const direct = await measure('upstream alone', { url: upstreamUrl, token: '' }, [], options);
  const floor = await measure(
    'bare pass-through',
    { url: `http://127.0.0.1:${floorPort}/mcp`, token: '' },
    [{ name: 'pass-through', pids: [floorPid] }],
    options,
  );
  const proxy = await measure(
    'mcp-proxy',
    { url: `http://127.0.0.1:${system.portOf('mcp-proxy')}/mcp/v1/bench`, token },
    withoutEdge,
    options,
  );
  const edge = await measure(
    'edge + mcp-proxy',
    { url: `${system.url}/mcp/v1/bench`, token },
    system.groups,
    options,
  );
  const editToEnforcedMs = await measureEdits(system, token, Number(values.edits));
  const memoryMb = Object.fromEntries(
    system.groups.map((group) => [group.name, usageOf(group).rssBytes / 2 ** 20]),
  );
  return {
    at: new Date().toISOString(),
    machine: machineOf(),
    policies,
    direct,
    floor,
    ways: [proxy, edge],
    editToEnforcedMs,
    memoryMb,
  };
}

/** The first of a block of ports that the runner can have. */
async function firstFreePort(): Promise<number> {
  return Math.min((await freePort()) - 200, 60_000);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
