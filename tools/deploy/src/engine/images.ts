import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { APP_NAMES } from '@behavry/contracts';
import { version } from '../../../../package.json';
import type { Engine } from './engine';

/** Images with a build stage of their own; every other app is the stage `service` with its name. */
const OWN_STAGE = [
  'identity-jwks',
  'policy-service',
  'bundle-server',
  'opa',
  'edge',
  'stdio-host',
  'demo',
  'stdio-host-demo',
];

/** Every image of a release: the nine apps and what stands beside them. */
export const IMAGES: readonly string[] = [...APP_NAMES, 'uplink-gate', 'opa', 'edge', 'stdio-host'];

/** Images that only the demo needs. */
export const DEMO_IMAGES: readonly string[] = ['demo', 'stdio-host-demo'];

/** Authorities of this machine, for a build behind a proxy that looks into TLS. */
const SYSTEM_AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

/** @returns the tag of an image of this version */
export function tagOf(image: string): string {
  return `behavry/${image}:${version}`;
}

/** The commit that is built; `-dirty` when files differ from it. */
export function revisionOf(root: string): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '-dirty');
  } catch {
    return 'unknown';
  }
}

/**
 * Builds one image; the layers of the programs are shared by all.
 * @throws EngineError with the end of the build's output
 */
export async function buildImage(engine: Engine, root: string, image: string): Promise<void> {
  const isOwn = OWN_STAGE.includes(image);
  const authorities =
    process.env['BEHAVRY_BUILD_CA'] ?? (existsSync(SYSTEM_AUTHORITIES) ? SYSTEM_AUTHORITIES : '');
  await engine.run([
    'build',
    ...['--file', join(root, 'docker/Dockerfile')],
    ...['--target', isOwn ? image : 'service'],
    ...(isOwn ? [] : ['--build-arg', `APP=${image}`]),
    ...['--build-arg', `VERSION=${version}`, '--build-arg', `REVISION=${revisionOf(root)}`],
    ...(authorities === '' ? [] : ['--secret', `id=ca,src=${authorities}`]),
    ...['--label', `org.opencontainers.image.title=behavry ${image}`],
    ...['--tag', tagOf(image)],
    root,
  ]);
}
