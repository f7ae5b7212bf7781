// `npx nx run deploy:release-twice`: makes a release of the present commit in two clones, in folders, time zones, languages
// and file masks that differ, and compares every byte. With --images, of the images' files too.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../build/projects.mjs';

const folder = mkdtempSync(join(tmpdir(), 'behavry-twice-'));
const PLACES = [
  { at: join(folder, 'a'), mask: '022', env: { TZ: 'UTC', LC_ALL: 'C' } },
  { at: join(folder, 'b', 'somewhere else'), mask: '077', env: { TZ: 'Asia/Kathmandu', LC_ALL: 'C.UTF-8' } },
];

/** @returns digest by path of all files of the one release in a clone */
function digests(clone) {
  const releases = join(clone, 'dist', 'release');
  const [version, ...others] = readdirSync(releases);
  if (version === undefined || others.length > 0) throw new Error(`${releases} holds no or several releases`);
  return new Map(
    readdirSync(join(releases, version), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name))
      .sort()
      .map((file) => [
        file.slice(releases.length),
        createHash('sha256').update(readFileSync(file)).digest('hex'),
      ]),
  );
}

try {
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  for (const { at, mask, env } of PLACES) {
    mkdirSync(join(at, '..'), { recursive: true });
    execFileSync('git', ['clone', '--quiet', '--no-checkout', ROOT, at]);
    const command =
      'umask "$0" && git checkout --quiet --detach "$1" && shift && exec npm run release -- --snapshot "$@"';
    const { status } = spawnSync('sh', ['-c', command, mask, commit, ...process.argv.slice(2)], {
      cwd: at,
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    if (status !== 0) throw new Error(`the release in ${at} ended with ${status}`);
  }
  const [one, two] = PLACES.map(({ at }) => digests(at));
  const paths = new Set([...one.keys(), ...two.keys()]);
  const differing = [...paths].filter((path) => one.get(path) !== two.get(path));
  for (const path of differing) console.error(`differs: ${path}`);
  console.log(`${paths.size} files of ${commit.slice(0, 12)} made twice, ${differing.length} differ`);
  process.exitCode = differing.length === 0 && paths.size > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
