import { spawn } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePortBlock } from '@behavry/components';
import type { Engine } from '../engine/engine';
import { budgetTable, measureBudgets } from './budgets';
import { dataPlaneProbes, probe } from './canary';
import { ComposePair } from './pair';

const IDLE_SECONDS = 60;
const DEMO_SERVICES = new Set(['mcp-everything', 'model-server']);

/** Counts what was promised and what came of it, and says it. */
export class Outcomes {
  passed = 0;
  failed = 0;
  #isStopped = false;
  readonly #started = performance.now();

  /** From now on a signal does not end the process: it skips the steps that are left, so that all is put away. */
  constructor(private readonly say: (line: string) => void) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.once(signal, () => {
        this.#isStopped = true;
        say(`${signal}: what runs is ended and put away; once more ends at once`);
      });
  }

  /** Does one thing and notes whether it went well; what follows is tried all the same. */
  async step(what: string, work: () => Promise<string | undefined>): Promise<boolean> {
    if (this.#isStopped) {
      this.failed += 1;
      this.say(`✗ ${what}: not tried`);
      return false;
    }
    const begun = performance.now();
    try {
      const detail = await work();
      this.passed += 1;
      this.say(
        `✓ ${what} (${((performance.now() - begun) / 1000).toFixed(1)} s)${detail ? `: ${detail}` : ''}`,
      );
      return true;
    } catch (error) {
      this.failed += 1;
      this.say(`✗ ${what}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    }
  }

  /** Prints the totals. @returns exit code */
  end(): number {
    this.say(`${((performance.now() - this.#started) / 1000).toFixed(0)} s in all`);
    process.stdout.write(`${this.passed} passed, ${this.failed} failed\n`);
    return this.failed === 0 ? 0 : 1;
  }
}

export interface CheckOptions {
  readonly root: string;
  readonly say: (line: string) => void;
  /** Leaves both planes running and says where they are. */
  readonly isKept: boolean;
}

/** Both planes from their compose files, the demo through them, the ways out tried, and a clean end. */
export async function checkCompose(engine: Engine, { root, say, isKept }: CheckOptions): Promise<number> {
  const outcomes = new Outcomes(say);
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'behavry-compose-')));
  const pair = new ComposePair(engine, { root, dataDir, port: await freePortBlock(6), say });
  const isUp =
    (await outcomes.step('the control plane comes up with docker compose up', async () => {
      await pair.startControl();
      return pair.controlUrl;
    })) &&
    (await outcomes.step('a data plane joins it by https', async () => {
      await pair.startData();
      return pair.dataUrl;
    }));
  if (isUp) {
    await outcomes.step('the demo content is made through the API', async () => {
      await pair.makeDemo();
      return undefined;
    });
    await outcomes.step('npm run demo passes through both', () => demo(root, dataDir));
    await outcomes.step('a canary in every container reaches what it must and nothing else', async () => {
      const probes = dataPlaneProbes(pair.controlPlace);
      const wrong = await probe(pair.data, probes);
      if (wrong.length > 0) throw new Error(`\n  ${wrong.join('\n  ')}`);
      return `${probes.length} tries`;
    });
    await outcomes.step('the apps keep to their budgets', async () => {
      await delay(IDLE_SECONDS * 1000);
      const measured = [
        ...(await measureBudgets(engine, pair.control)),
        ...(await measureBudgets(engine, pair.data)),
      ];
      const { text, exceeded } = budgetTable(measured);
      if (exceeded > 0) throw new Error(`${exceeded} above theirs\n${text}`);
      return `\n${text}`;
    });
    if (!isKept)
      await outcomes.step('both stop cleanly', async () => {
        const codes: string[] = [];
        for (const project of [pair.data, pair.control]) {
          await project.run(['stop']);
          for (const [service, code] of await project.exitCodes())
            // The demo's servers are programs of others: they end as they are used to.
            if (code !== 0 && !DEMO_SERVICES.has(service)) codes.push(`${service} ended with ${code}`);
        }
        if (codes.length > 0) throw new Error(codes.join(', '));
        return undefined;
      });
  }
  if (isKept) say(`kept: ${pair.controlUrl} and ${pair.dataUrl}, secrets and run.json in ${dataDir}`);
  else {
    if (outcomes.failed > 0) await tellLogs(pair, say);
    await pair.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
  return outcomes.end();
}

async function tellLogs(pair: ComposePair, say: (line: string) => void): Promise<void> {
  for (const project of [pair.control, pair.data]) {
    say((await project.try(['ps', '--all'])).output);
    say((await project.try(['logs', '--no-color', '--tail', '15'])).output);
  }
}

function demo(root: string, dataDir: string): Promise<string> {
  const child = spawn(process.execPath, [join(root, 'dist/tools/runner/demo.js'), '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, BEHAVRY_ROOT: root },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(`${output.match(/✓/gu)?.length ?? 0} steps`);
      else reject(new Error(output.slice(-4_000)));
    });
  });
}
