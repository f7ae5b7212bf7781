import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkCompose } from './compose/compose-check';
import { controlPlaneSecrets, envText, localSecrets } from './compose/env-file';
import { buildImage, DEMO_IMAGES, IMAGES, tagOf } from './engine/images';
import { findEngine, type FoundEngine } from './engine/own-engine';
import { ensureBaseImages, ensureCompose } from './engine/stand-ins';
import { applyOverlays } from './k8s/api/apply-overlays';
import { checkOperations } from './operations/operations';

type Command = (root: string, args: readonly string[]) => Promise<number>;

function say(line: string): void {
  process.stdout.write(`${process.uptime().toFixed(1).padStart(6)} s  ${line}\n`);
}

/** What `node tools/bin/deploy.mjs` can do; each is an Nx target too. */
const COMMANDS: Readonly<Record<string, { readonly what: string; readonly run: Command }>> = {
  prepare: { what: 'fetches or builds the public images, and compose where there is none', run: prepare },
  image: { what: 'NAME…: builds images; all of them without a name', run: image },
  env: { what: 'MODE: writes docker/.env with secrets of its own and what is left to fill in', run: env },
  compose: {
    what: '[--keep] [--no-build]: both planes in containers, the demo through them, the ways out tried',
    run: compose,
  },
  operations: {
    what: '[--write-fixture]: backup, restore, scale, rotation and upgrade of two planes that serve an agent meanwhile',
    run: operations,
  },
  'k8s-api': {
    what: 'every overlay of k8s/ applied to a real API server',
    run: (root) => applyOverlays(root, say),
  },
};

/** Runs one command. @returns exit code */
export async function projectCommand(root: string, [name = '', ...args]: readonly string[]): Promise<number> {
  const command = COMMANDS[name];
  if (command) return command.run(root, args);
  const lines = Object.entries(COMMANDS).map(([known, { what }]) => `  ${known.padEnd(10)}${what}`);
  process.stderr.write(`node tools/bin/deploy.mjs COMMAND\n${lines.join('\n')}\n`);
  return 2;
}

async function withEngine(root: string, work: (found: FoundEngine) => Promise<number>): Promise<number> {
  const found = await findEngine(say);
  try {
    await ensureBaseImages(found.engine, root, say);
    await ensureCompose(found.engine, say);
    return await work(found);
  } finally {
    await found.release();
  }
}

function prepare(root: string): Promise<number> {
  return withEngine(root, () => Promise.resolve(0));
}

function image(root: string, names: readonly string[]): Promise<number> {
  return withEngine(root, async ({ engine }) => {
    for (const name of names.length > 0 ? names : IMAGES) {
      await buildImage(engine, root, name);
      const size = Number(
        (await engine.run(['image', 'inspect', '--format', '{{.Size}}', tagOf(name)])).trim(),
      );
      say(`${tagOf(name)} ${(size / 1e6).toFixed(0)} MB`);
    }
    return 0;
  });
}

function env(root: string, [mode = '']: readonly string[]): Promise<number> {
  const file = join(root, 'docker/.env');
  if (existsSync(file)) throw new Error(`${file} is there already; it is not overwritten`);
  if (mode !== 'control-plane' && mode !== 'data-plane' && mode !== 'standalone')
    throw new Error('which plane? node tools/bin/deploy.mjs env control-plane | data-plane | standalone');
  const secrets = mode === 'control-plane' ? controlPlaneSecrets() : localSecrets();
  writeFileSync(file, envText(secrets), { mode: 0o600 });
  const rest = {
    'control-plane': 'compare with docker/control-plane.env.example',
    'data-plane': 'fill in the rest from docker/data-plane.env.example',
    // Its own keys and its tenant are made at the first start.
    standalone: 'nothing more is required; docker/data-plane.env.example shows what else can be set',
  }[mode];
  say(`${file} is written; ${rest}`);
  return Promise.resolve(0);
}

function compose(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { keep: { type: 'boolean', default: false }, 'no-build': { type: 'boolean', default: false } },
  });
  return withEngine(root, async ({ engine }) => {
    for (const name of values['no-build'] ? [] : [...IMAGES, ...DEMO_IMAGES]) {
      await buildImage(engine, root, name);
      say(`built ${tagOf(name)}`);
    }
    return checkCompose(engine, { root, say, isKept: values.keep });
  });
}

/** With the images that are there: `deploy:image` builds them. */
function operations(root: string, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { 'write-fixture': { type: 'boolean', default: false } },
  });
  return withEngine(root, ({ engine }) =>
    checkOperations(engine, { root, say, isFixtureWritten: values['write-fixture'] }),
  );
}
