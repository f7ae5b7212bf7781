import { existsSync, readFileSync } from 'node:fs';
import { waitUntil } from '@behavry/components';
import { APP_NAMES } from '@behavry/contracts';
import type { Engine } from '../engine/engine';
import type { ComposeProject } from './project';

const MB = 1_000_000;
/** What an app's image may add to Node and the system below it. */
const IMAGE_MB = 90;
/** From the start of the process to the first answer of its ops port. */
const LIVE_SECONDS = 2;
/** Anonymous memory of a container that has had nothing to do for a minute. */
const IDLE_MB = 110;

/** One app against its budgets. */
export interface Budget {
  readonly app: string;
  readonly imageMb: number;
  readonly liveSeconds: number | undefined;
  readonly idleMb: number | undefined;
}

/** Measures every app of a project that runs and has had nothing to do; then each is restarted, alone. */
export async function measureBudgets(engine: Engine, project: ComposeProject): Promise<readonly Budget[]> {
  const apps: { readonly app: string; readonly id: string; readonly idleMb: number | undefined }[] = [];
  for (const app of APP_NAMES) {
    const [id] = await project.containers(app);
    if (id !== undefined) apps.push({ app, id, idleMb: anonymousMb(id) });
  }
  const budgets: Budget[] = [];
  for (const { app, id, idleMb } of apps) {
    const image = (await engine.run(['inspect', '--format', '{{.Image}}', id])).trim();
    budgets.push({
      app,
      imageMb: await addedBy(engine, image),
      liveSeconds: await liveAfter(engine, id),
      idleMb,
    });
  }
  return budgets;
}

/** @returns the budgets as a table, and how many memory and size budgets are exceeded; times depend on the machine */
export function budgetTable(budgets: readonly Budget[]): {
  readonly text: string;
  readonly exceeded: number;
} {
  const mark = (value: number | undefined, most: number, unit: string): string =>
    value === undefined ? '?' : `${value.toFixed(1)} ${unit}${value > most ? ' !' : ''}`;
  const rows = budgets.map(({ app, imageMb, liveSeconds, idleMb }) =>
    [
      app.padEnd(20),
      mark(imageMb, IMAGE_MB, 'MB'),
      mark(liveSeconds, LIVE_SECONDS, 's'),
      mark(idleMb, IDLE_MB, 'MB'),
    ]
      .map((cell) => cell.padEnd(12))
      .join(' '),
  );
  const head = `app${' '.repeat(18)}image ≤ ${IMAGE_MB}   live ≤ ${LIVE_SECONDS} s   idle ≤ ${IDLE_MB} MB`;
  const exceeded = budgets.filter(({ imageMb, idleMb = 0 }) => imageMb > IMAGE_MB || idleMb > IDLE_MB).length;
  return { text: [head, ...rows].join('\n'), exceeded };
}

/** What the layers above Node's own hold. */
async function addedBy(engine: Engine, image: string): Promise<number> {
  const history = await engine.run([
    'history',
    '--no-trunc',
    '--human=false',
    '--format',
    '{{.Size}} {{.CreatedBy}}',
    image,
  ]);
  const added = history
    .split('\n')
    .filter((line) => line !== '' && !line.includes('/root-fs'))
    .map((line) => Number(line.split(' ')[0]));
  return added.reduce((sum, size) => sum + size, 0) / MB;
}

/** From the start of its container to the line that says that it listens, with its stores up and its neighbours calm. */
async function liveAfter(engine: Engine, id: string): Promise<number | undefined> {
  await engine.run(['restart', '--time', '30', id]);
  const started = (await engine.run(['inspect', '--format', '{{.State.StartedAt}}', id])).trim();
  let at = NaN;
  await waitUntil(
    async () => {
      const { output } = await engine.try(['logs', '--timestamps', '--since', started, id]);
      const line = output.split('\n').find((text) => text.includes('"listening"'));
      at = Date.parse(line?.split(' ')[0] ?? '');
      return !Number.isNaN(at);
    },
    { timeoutMs: 30_000, everyMs: 250 },
  );
  return Number.isNaN(at) ? undefined : (at - Date.parse(started)) / 1000;
}

/** From the container's control group, version 2 or 1. */
function anonymousMb(id: string): number | undefined {
  const places = [
    [`/sys/fs/cgroup/system.slice/docker-${id}.scope/memory.stat`, 'anon'],
    [`/sys/fs/cgroup/docker/${id}/memory.stat`, 'anon'],
    [`/sys/fs/cgroup/memory/docker/${id}/memory.stat`, 'total_rss'],
    [`/sys/fs/cgroup/memory/system.slice/docker-${id}.scope/memory.stat`, 'total_rss'],
  ] as const;
  for (const [file, field] of places) {
    if (!existsSync(file)) continue;
    const bytes = new RegExp(`^${field} (\\d+)$`, 'm').exec(readFileSync(file, 'utf8'))?.[1];
    if (bytes !== undefined) return Number(bytes) / MB;
  }
  return undefined;
}
