import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { demoModels, freePort, freePortBlock } from '@behavry/components';
import { rowTable, type Row } from './figures';
import { startPart } from './measure';
import { fillers, MODEL_POLICY, toolPolicy } from './policies';
import { usageOf } from './process-figures';
import { OPEN_STREAMS } from './model-sections';
import { SECTIONS, type Bench } from './sections';
import { BenchSystem } from './system';

const run = promisify(execFile);
/** Sections that need no system, each in a process of its own: what a file gives as rows. */
const ALONE: Readonly<Record<string, { readonly script: string; readonly figures: string }>> = {
  scan: { script: 'scan-bench.js', figures: 'scanFigures' },
  chat: { script: 'chat-bench.js', figures: 'chatFigures' },
};
const NAMES = [...Object.keys(ALONE), ...Object.keys(SECTIONS)];
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: NAMES.join(',') },
    seconds: { type: 'string', default: '10' },
    'in-flight': { type: 'string', default: '16' },
    rate: { type: 'string', default: '300' },
    samples: { type: 'string', default: '30' },
    policies: { type: 'string', default: '1000' },
    agents: { type: 'string', default: '1000' },
    'noisy-seconds': { type: 'string', default: '60' },
    json: { type: 'string' },
  },
});

/** Policies that a small tenant has: the measured ones among them. */
const SMALL = 10;

/** Measures section after section; one that cannot be measured says why and keeps no other from it. */
async function main(): Promise<void> {
  const wanted = values.only.split(',');
  const unknown = wanted.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
  const rows: Row[] = [];
  const section = async (name: string, measured: () => Promise<readonly Row[]>): Promise<void> => {
    if (!wanted.includes(name)) return;
    console.log(`measuring: ${name}`);
    try {
      rows.push(...(await measured()));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      rows.push({ name, unit: '×', why: why.replaceAll(/[|\n]/gu, ' ').slice(0, 300) });
      process.exitCode = 1;
    }
  };
  for (const [name, { script, figures }] of Object.entries(ALONE))
    await section(name, () => rowsOf(script, figures));
  const notes: string[] = [];
  if (wanted.some((name) => !(name in ALONE))) {
    await withBench(notes, async (bench) => {
      for (const [name, measured] of Object.entries(SECTIONS)) {
        if (wanted.includes(name)) await bench.system.signIn();
        await section(name, () => measured(bench));
      }
      const memory = bench.system.groups.map(
        (group) => `${group.name} ${(usageOf(group).rssBytes / 2 ** 20).toFixed(0)} MB`,
      );
      notes.push(`Memory at the end: ${memory.join(' · ')}.`);
    });
  }
  const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, Node ${process.versions.node}`;
  const at = new Date().toISOString();
  console.log(
    `\n${at}, ${machine}. CPU a call as a ratio (×) to the bare pass-through of the same run; ✓ reaches the aim, · what it must, ✗ neither.\n`,
  );
  console.log(`${rowTable(rows)}\n\n${notes.join('\n\n')}`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ at, machine, rows, notes }, null, 2)}\n`);
}

/** Starts upstream, pass-throughs and a standalone system around the work, and ends all of it. */
async function withBench(notes: string[], work: (bench: Bench) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'behavry-bench-'));
  const origin = `http://127.0.0.1:${await freePort()}`;
  const upstreamUrl = `${origin}/mcp`;
  const parts = [await startPart('upstream.js', [new URL(origin).port])];
  const floorPort = await freePort();
  const floor = await startPart('pass-through.js', [String(floorPort), origin]);
  parts.push(floor);
  let system: BenchSystem | undefined;
  try {
    console.log('starting a standalone system');
    system = await BenchSystem.start(process.cwd(), {
      node: process.execPath,
      port: await freePortBlock(60),
      dataDir,
      env: {
        ...demoModels(origin),
        BEHAVRY_STREAMS_PER_AGENT: String(OPEN_STREAMS),
        BEHAVRY_LLM_CONNECTIONS: String(OPEN_STREAMS),
      },
    });
    await prepare(system, upstreamUrl);
    await work({
      system,
      agent: await system.agent('bench'),
      options: {
        seconds: Number(values.seconds),
        inFlight: Number(values['in-flight']),
        perSecond: Number(values.rate),
      },
      samples: Number(values.samples),
      policies: Number(values.policies),
      agents: Number(values.agents),
      noisySeconds: Number(values['noisy-seconds']),
      upstreamUrl,
      dataDir,
      floor: { url: `http://127.0.0.1:${floorPort}`, pid: floor.pid ?? 0 },
      notes,
    });
  } finally {
    await system?.stop();
    for (const part of parts) part.kill();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Registers the upstream, allows its tool and its model, fills up to a small tenant, and lifts the limits. */
async function prepare(system: BenchSystem, url: string): Promise<void> {
  const server = { id: 'bench', name: 'Bench', transport: 'streamable-http', url, enabled: true };
  await system.api('POST', '/api/v1/mcp-servers', server);
  await system.limit();
  await system.activate('bench', toolPolicy('bench', 'echo', 'allow'));
  await system.activate('bench_model', MODEL_POLICY);
  const policies = fillers(SMALL - 2).map((filler) => ({
    ...filler,
    name: `small_${filler.name}`,
    content: filler.content.replaceAll('filler_', 'small_filler_'),
  }));
  await system.api('POST', '/api/v1/policies/import', { policies, activate: true });
  // The licence of a fresh tenant may not reach for the agents of the measurement.
  await system.api('PATCH', `/api/v1/super-admin/tenants/${system.run.tenant_id}`, { max_agents: -1 });
}

async function rowsOf(script: string, figures: string): Promise<readonly Row[]> {
  const program = `Promise.resolve(require(${JSON.stringify(join(__dirname, script))}).${figures}()).then((rows) => console.log(JSON.stringify(rows)))`;
  const { stdout } = await run(process.execPath, ['-e', program], { maxBuffer: 1 << 22 });
  return JSON.parse(stdout) as readonly Row[];
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
