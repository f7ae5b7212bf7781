import { mkdtempSync, chmodSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '@behavry/components';
import { OBSERVABILITY } from '../metric-names';
import { LocalPair } from './local-pair';
import { LocalPrometheus } from './local-prometheus';
import { CHANGES, shortRules } from './short-rules';

const FIRE_MS = 120_000;

/** What is done to a process, and which alerts that must raise and, when it is over, end. */
const TRIALS = [
  { name: 'OPA hangs', plane: 'data', app: 'opa', alerts: [['data', 'BehavryOpaFailingClosed']] },
  {
    name: 'audit-writer hangs while calls go on',
    plane: 'data',
    app: 'audit-writer',
    alerts: [['data', 'BehavryRecordBacklog']],
  },
  {
    name: 'the control plane is cut off, heartbeats every 5 s',
    plane: 'control',
    app: 'edge',
    alerts: [
      ['data', 'BehavryControlPlaneUnheard'],
      ['control', 'BehavryPlaneStale'],
    ],
  },
] as const;
const WATCHED = TRIALS.flatMap(({ alerts }) => [...alerts]);

/** `npx nx run deploy:alerts`: provokes alerts on a real pair and sees them fire in a real Prometheus. */
async function main(root: string): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'behavry-alerts-'));
  // PostgreSQL runs as another user when we are root.
  chmodSync(folder, 0o755);
  const rules = readFileSync(join(root, OBSERVABILITY, 'prometheus', 'rules', 'alerts.yml'), 'utf8');
  say('The rules as shipped, but for times:');
  for (const change of CHANGES) say(`  - ${change}`);
  const pair = await LocalPair.start(root, folder);
  let isGood = false;
  try {
    await pair.call();
    const prometheus = await LocalPrometheus.start(
      join(folder, 'prometheus'),
      pair.targets,
      new Map([['alerts.yml', shortRules(rules)]]),
    );
    try {
      isGood = await provokeAll(pair, prometheus);
    } finally {
      await prometheus.stop();
    }
  } finally {
    await pair.stop();
    if (isGood) rmSync(folder, { recursive: true, force: true });
    else say(`what was logged is in ${folder}`);
  }
  return isGood;
}

async function provokeAll(pair: LocalPair, prometheus: LocalPrometheus): Promise<boolean> {
  const fires = async (alert: readonly [string, string]): Promise<boolean> =>
    (await prometheus.firing(alert[0])).has(alert[1]);
  const isQuiet = async (): Promise<boolean> =>
    (await prometheus.hasScrapedAll()) && !(await Promise.all(WATCHED.map(fires))).includes(true);
  if ((await timed(isQuiet)) === undefined) {
    say('alerts fire before anything was done');
    return false;
  }
  say('Nothing fires with calls going on.');
  let isGood = true;
  for (const { name, plane, app, alerts } of TRIALS) {
    say(`${name}:`);
    const release = pair.freeze(plane, app);
    let fired: readonly (number | undefined)[];
    try {
      fired = await Promise.all(alerts.map((alert) => timed(() => fires(alert))));
    } finally {
      release();
    }
    const ended = await timed(isQuiet);
    for (const [index, [where, alert]] of alerts.entries())
      say(`  ${alert} (${where}): ${seconds(fired[index], 'fired')}`);
    say(`  let go: ${seconds(ended, 'silent')}`);
    isGood &&= ended !== undefined && !fired.includes(undefined);
  }
  say(isGood ? 'All fired, and all ended.' : 'Not all was as it should be.');
  return isGood;
}

/** @returns how long it took to hold in ms, undefined when it did not in time */
async function timed(holds: () => Promise<boolean>): Promise<number | undefined> {
  const begun = performance.now();
  const isTrue = await waitUntil(holds, { timeoutMs: FIRE_MS, everyMs: 500 });
  return isTrue ? performance.now() - begun : undefined;
}

function seconds(ms: number | undefined, what: string): string {
  return ms === undefined
    ? `NOT ${what} within ${String(FIRE_MS / 1000)} s`
    : `${what} after ${(ms / 1000).toFixed(1)} s`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main(process.env['BEHAVRY_ROOT'] ?? process.cwd()).then(
  (isGood) => process.exit(isGood ? 0 : 1),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  },
);
