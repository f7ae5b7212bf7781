import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePortBlock } from '@behavry/components';
import { askVerify, recomputeChain } from '@behavry/runner';
import { Outcomes } from '../compose/compose-check';
import { ComposePair } from '../compose/pair';
import type { Engine } from '../engine/engine';
import { DEMO_IMAGES, IMAGES, tagOf } from '../engine/images';
import { FIXTURES, writeFixture } from './fixture';
import { allRecorded, enrolAgent, Load } from './load';
import { LivePlanes } from './live-planes';
import { RestoredPair, signInTo } from './restored-pair';

/** Stands for the version after this one: the same images under a second tag, so that every container is made anew. */
const NEXT = '-next';

export interface OperationsOptions {
  readonly root: string;
  readonly say: (line: string) => void;
  /** Keeps the backups of this run as the fixture of this version. */
  readonly isFixtureWritten: boolean;
}

/**
 * The runbooks' scripts on two planes in containers that serve an agent meanwhile: backup, scale, a killed replica,
 * each rotation, an upgrade. Then nothing may be lost, and the backups and the fixtures must come back elsewhere.
 */
export async function checkOperations(engine: Engine, options: OperationsOptions): Promise<number> {
  const { root, say } = options;
  const outcomes = new Outcomes(say);
  const dataDir = realpathSync(mkdtempSync(join(tmpdir(), 'behavry-operations-')));
  const name = `behavry-operations-${randomBytes(3).toString('hex')}`;
  const port = await freePortBlock(6);
  const pair = new ComposePair(engine, { root, dataDir, port, name, say });
  try {
    const isUp = await outcomes.step('both planes come up', async () => {
      await pair.startControl();
      await pair.startData();
      await pair.makeDemo();
      return `${pair.controlUrl} and ${pair.dataUrl}`;
    });
    if (isUp) await underLoad(engine, outcomes, new LivePlanes(engine, { root, dataDir, name, pair, port }));
    if (isUp && outcomes.failed > 0) await tellState(pair, say);
    await pair.remove();
    if (isUp) {
      const backup = join(dataDir, 'backup');
      await comesBack(engine, outcomes, {
        root,
        what: 'the backups',
        name: `${name}-restored`,
        backup,
        dataDir,
      });
      if (options.isFixtureWritten && outcomes.failed === 0) writeFixture(root, backup);
    }
    for (const version of readdirSync(join(root, FIXTURES), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    ))
      await comesBack(engine, outcomes, {
        root,
        what: `the data of ${version.name}`,
        name: `${name}-fixture`,
        backup: join(root, FIXTURES, version.name),
        dataDir,
      });
  } finally {
    await pair.remove();
    await engine.try(['rmi', ...nextTags()]);
    rmSync(dataDir, { recursive: true, force: true });
  }
  return outcomes.end();
}

async function underLoad(engine: Engine, outcomes: Outcomes, planes: LivePlanes): Promise<void> {
  const { pair } = planes;
  const agent = await enrolAgent(await pair.signIn('control'));
  const load = new Load(pair.dataUrl, agent);
  load.start();
  const step = (what: string, work: () => Promise<string>): Promise<boolean> =>
    outcomes.step(what, async () => {
      const detail = await work();
      await load.isAnswered();
      const { answered, failed, failures, silentMs } = load.tally();
      const why = failed === 0 ? '' : ` (${failures})`;
      const calls = `${answered} calls answered, ${failed} not${why}, ${(silentMs / 1000).toFixed(1)} s without an answer at most`;
      return `${detail}; ${calls}`;
    });
  await step('an agent calls a tool ten times a second', () => Promise.resolve('begun'));
  await step('backup of both databases and keys', () => planes.backup());
  await step('two replicas of every app that may have them', () => planes.scale());
  await step('a replica of mcp-proxy is killed and comes back', () => planes.killReplica());
  await step("the database owner's password is rotated", () => planes.rotateBoth('database-owner'));
  await step("Redis' password is rotated", () => planes.rotateBoth('redis'));
  await step("the edges' certificates are rotated", () => planes.rotateCertificates());
  await step("the data plane's token is rotated, the old one revoked", () => planes.rotateToken());
  await step("a provider's key is rotated", () => planes.rotateProviderKey());
  await step("the administrators' passwords are rotated", () => planes.rotatePasswords());
  await step('upgrade of both planes', async () => {
    for (const image of [...IMAGES, ...DEMO_IMAGES])
      await engine.run(['tag', tagOf(image), tagOf(image) + NEXT]);
    return planes.upgrade(`${tagOf('edge').split(':').at(-1) ?? ''}${NEXT}`);
  });
  await load.stop();
  await outcomes.step('every answered call is in the record, once', async () => {
    const rows = await allRecorded(await planes.signIn('data'), agent.agent_id, load.decisions);
    return `${load.decisions.length} answered, ${rows} rows`;
  });
  await outcomes.step('the chain holds, by the plane and by its export', async () => {
    const person = await planes.signIn('data');
    return `${await askVerify(person)}; ${await recomputeChain(person)}`;
  });
}

interface Backup {
  readonly root: string;
  readonly what: string;
  readonly name: string;
  /** A folder for each plane. */
  readonly backup: string;
  readonly dataDir: string;
}

/** Restores two planes into empty ones of this version, and looks at what they hold. */
async function comesBack(engine: Engine, outcomes: Outcomes, backup: Backup): Promise<void> {
  const dataDir = join(backup.dataDir, backup.name);
  const pair = new RestoredPair(engine, { ...backup, dataDir });
  try {
    let urls = { control: '', data: '' };
    const isUp = await outcomes.step(`${backup.what} come up in empty planes`, async () => {
      urls = await pair.start();
      return `${urls.control} and ${urls.data}`;
    });
    if (!isUp) return;
    await outcomes.step(`${backup.what}: people, agents and policies are there`, async () => {
      const person = await signInTo(urls.control, backup.backup, 'control-plane');
      const { agents } = await person.call<{ agents: readonly unknown[] }>('GET', '/api/v1/agents');
      const { policies } = await person.call<{ policies: readonly unknown[] }>('GET', '/api/v1/policies');
      if (agents.length === 0 || policies.length === 0) throw new Error('there are none');
      return `${agents.length} agents, ${policies.length} policies`;
    });
    await outcomes.step(`${backup.what}: the chain holds`, async () => {
      const person = await signInTo(urls.data, backup.backup, 'data-plane');
      return `${await askVerify(person)}; ${await recomputeChain(person)}`;
    });
  } finally {
    await pair.remove();
  }
}

function nextTags(): string[] {
  return [...IMAGES, ...DEMO_IMAGES].map((image) => tagOf(image) + NEXT);
}

async function tellState(pair: ComposePair, say: (line: string) => void): Promise<void> {
  for (const project of [pair.control, pair.data]) {
    say((await project.try(['ps', '--all'])).output);
    say((await project.try(['logs', '--no-color', '--tail', '15'])).output);
  }
}
